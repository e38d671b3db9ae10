"""Accuracy: the labelled clips of folders, through the same path as live video and through the shipped rules.

    python -m benchmarks.accuracy FOLDER... [--only TEXT] [--settings FILE] [--against FILE] [--annotate DIR]
                                  [--json FILE] [--from FILE] [--jobs N] [--models DIR] [--lanes]
                                  [--loop negatives|ordinary --minutes N] [--gate [LIMITS.yaml]]

Reads FOLDER/labels.csv (file, start_s, end_s, label, notes), runs each clip as a camera that has just been switched on,
and prints what Events and alerts made of it; an alert is what the room would get. With --loop the clips without fire,
or those without anything out of the ordinary, are looped instead, each time a little different, and what rang wrongly
is counted by the hour. How to read it stands in docs/reference/accuracy.md. Numbers that only hold on clips that were
tuned on are worth nothing: keep others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.accuracy.drawing import Draw
from benchmarks.accuracy.gate import broken, read_limits
from benchmarks.accuracy.labels import Clip, read_clips
from benchmarks.accuracy.looping import negatives, ordinary, run_looped
from benchmarks.accuracy.running import Job, Result, result_from_json, run_all
from benchmarks.accuracy.settings import Settings, read_settings
from benchmarks.accuracy.table import line, print_both, print_loop, print_table
from cameras.vision.objects.fetching import missing
from config.machine import Machine

LIMITS = Path(__file__).with_name("limits.yaml")
_LOOPS = {"negatives": negatives, "ordinary": ordinary}


def main() -> None:
    """Measure."""
    arguments = _arguments()
    base = read_settings(arguments.settings, lanes=arguments.lanes)
    clips = [base.labelled(clip) for clip in read_clips(arguments.folders, arguments.only)]
    if not clips:
        sys.exit("no labelled clip there has such a name")
    for lacking in missing(arguments.models):
        print(f"!! {lacking}: what depends on it will be missed", file=sys.stderr)
    if arguments.loop is not None:
        chosen = _LOOPS[arguments.loop](clips)
        job = Job(base, arguments.models, _wrap(arguments, base))
        results = _shown(run_looped(job, chosen, minutes=arguments.minutes, jobs=arguments.jobs))
        print_loop(arguments.loop, results)
        return
    results = _kept(arguments.kept, clips) if arguments.kept else _run(arguments, base, clips)
    if arguments.json is not None:
        body = {"settings": base.name, "clips": [one.to_json() for one in results]}
        arguments.json.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    print_table(results)
    if arguments.gate is not None:
        faults = broken(results, read_limits(arguments.gate))
        print("\n".join(f"gate: {fault}" for fault in faults) or "gate: every limit holds")
        sys.exit(1 if faults else 0)
    if arguments.against is not None:
        other = read_settings(arguments.against, lanes=arguments.lanes)
        print(f"== {other.name}")
        print_both((base.name, other.name), results, _run(arguments, other, clips))


def _run(arguments: argparse.Namespace, settings: Settings, clips: Sequence[Clip]) -> list[Result]:
    job = Job(settings, arguments.models, _wrap(arguments, settings))
    return _shown(run_all(job, clips, jobs=arguments.jobs))


def _wrap(arguments: argparse.Namespace, settings: Settings) -> Draw | None:
    return None if arguments.annotate is None else Draw(arguments.annotate / settings.name, settings)


def _shown(running: Iterable[Result]) -> list[Result]:
    """All results, each told as it comes."""
    results = []
    for result in running:
        results.append(result)
        print(line(result), flush=True)
    return results


def _kept(path: Path, clips: Sequence[Clip]) -> list[Result]:
    """What `--json` wrote, judged anew."""
    by_name = {clip.name: clip for clip in clips}
    body = json.loads(path.read_text(encoding="utf-8"))
    return [result_from_json(each, by_name[each["file"]]) for each in body["clips"] if each["file"] in by_name]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="holds labels.csv")
    parser.add_argument("--only", default="", help="clips whose name holds this text")
    parser.add_argument("--models", type=Path, default=Machine().models_folder)
    parser.add_argument("--settings", type=Path, help="how the cameras are set up; without it, by default")
    parser.add_argument("--against", type=Path, help="settings to compare with")
    parser.add_argument("--lanes", action="store_true", help="the whole picture of a clip without zones is a lane")
    parser.add_argument(
        "--annotate", type=Path, metavar="DIR", help="draw what was seen and told into films and strips"
    )
    parser.add_argument("--json", type=Path, help="keep what was told in this file")
    parser.add_argument("--from", dest="kept", type=Path, help="judge what --json kept; run nothing")
    parser.add_argument("--gate", type=Path, nargs="?", const=LIMITS, help="exit with 1 when a limit does not hold")
    parser.add_argument("--loop", choices=_LOOPS, help="loop clips without fire, or those without events, instead")
    parser.add_argument("--minutes", type=float, default=60.0, help="of looped footage in all")
    parser.add_argument("--jobs", type=int, default=1, help="clips that run side by side")
    return parser.parse_args()


if __name__ == "__main__":
    main()
