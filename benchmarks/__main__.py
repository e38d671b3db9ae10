"""Runs the measurements behind docs/reference/performance.md, one after the other, and writes that page anew.

    python -m benchmarks [--quick] [--only NAME ...] [--folder build/benchmarks] [--page FILE] [--list]

Each is a program of its own (`python -m benchmarks.NAME`), so it can be run alone with other settings. What it printed
goes to `<folder>/<name>.txt`, and all of it to `<folder>/results.json` with the machine, its load and the time. The
page is written only when everything of the list was run, or when `--page` names it. `--quick` makes it a look of some
minutes in which nothing is precise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.drawing import bars, lines, under_each_other
from benchmarks.farm.running import CLOCK, machine_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "performance.md"


@dataclass(frozen=True, slots=True)
class Bench:
    """One measurement.

    Attributes:
        name: Its module.
        about: What it measures.
        words: What it is given.
        quick: What it is given for a look.
        json: Whether it writes JSON.
    """

    name: str
    about: str
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    json: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    Attributes:
        name: Which.
        command: How it was called.
        took_s: How long it took.
        code: Its exit status.
        printed: What it said.
        found: Its JSON, if it wrote some.
    """

    name: str
    command: str
    took_s: float
    code: int
    printed: str
    found: object = None


BENCHES = (
    Bench(
        "capacity",
        "Cameras: start-up until all record, processor, memory, what is lost",
        ("--cameras", "10", "50", "159", "--seconds", "120"),
        ("--cameras", "4", "8", "--seconds", "20"),
        json=True,
    ),
    Bench("latency", "From an MQTT message to the alert on the feed", (), ("--seconds", "10", "--rate", "50")),
    Bench("live", "From a camera's picture to who watches it"),
    Bench("store", "Ingest: sensor messages stored", (), ("--rounds", "2")),
    Bench("engine", "Rules: events through 200 of them", (), ("--events", "10000")),
    Bench("rule_count", "Rules: what an event costs with few and many", (), ("--events", "2000")),
    Bench("incidents", "Queries: incidents, among many past ones", (), ("--past", "20000", "--open", "500")),
    Bench("figures", "Queries: the figures of a month", (), ("--days", "5", "--before", "5")),
    Bench("recording_load", "Recording: what writing costs", (), ("--seconds", "10", "--streams", "20")),
    Bench("sampling", "Recording: what a packet costs", (), ("--repeat", "3")),
    Bench(
        "peers",
        "A camera here and with others",
        ("--cameras", "10", "--seconds", "60"),
        ("--cameras", "3", "--seconds", "10", "--settle", "10"),
        json=True,
    ),
)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in BENCHES], metavar="NAME")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "benchmarks")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(f"{each.name:16} {each.about}" for each in BENCHES))
        return 0
    asked.folder.mkdir(parents=True, exist_ok=True)
    machine = f"{machine_name()}; load {os.getloadavg()[0]:.1f} before; {CLOCK.now():%Y-%m-%d}"
    print(machine)
    chosen = [each for each in BENCHES if not asked.only or each.name in asked.only]
    results = []
    for each in chosen:
        print(f"\n== {each.name}: {each.about}", flush=True)
        results.append(measure(each, asked.folder, quick=asked.quick))
    written = {"machine": machine, "quick": asked.quick, "results": [asdict(each) for each in results]}
    (asked.folder / "results.json").write_text(json.dumps(written, indent=1), encoding="utf-8")
    page = asked.page or (None if asked.only or asked.quick else PAGE)
    if page is not None:
        picture = page.with_name("performance.svg")
        drawn = draw(results)
        if drawn:
            picture.write_text(drawn, encoding="utf-8")
        page.write_text(write(results, machine, quick=asked.quick, picture=picture.name if drawn else ""), "utf-8")
        print(f"\nwritten: {page}")
    failed = [each.name for each in results if each.code]
    print(f"\n{len(results)} measured, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


def measure(bench: Bench, folder: Path, *, quick: bool) -> Result:
    """Run one; what it prints is shown as it comes."""
    words = [sys.executable, "-m", f"benchmarks.{bench.name}", *(bench.quick if quick else bench.words)]
    shown = f"python -m {' '.join(words[2:])}"
    path = folder / f"{bench.name}.json"
    path.unlink(missing_ok=True)
    if bench.json:
        words += ["--json", str(path)]
    began_s = CLOCK.monotonic_s()
    printed = []
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            printed.append(line)
    (folder / f"{bench.name}.txt").write_text("".join(printed), encoding="utf-8")
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return Result(bench.name, shown, CLOCK.monotonic_s() - began_s, process.returncode, "".join(printed), found)


def draw(results: Sequence[Result]) -> str:
    """Cameras against processor and memory, and the peers; nothing where neither was measured."""
    charts = []
    for each in results:
        if each.name == "capacity" and isinstance(each.found, list) and each.found:
            rows = [(0.0, 0.0), *((row["cameras"], row["machine_mean"]) for row in each.found)]
            p95 = [(0.0, 0.0), *((row["cameras"], row["machine_p95"]) for row in each.found)]
            charts.append(lines("Processor, % of the machine", {"mean": rows, "p95": p95}, across="cameras"))
        if each.name == "peers" and isinstance(each.found, dict):
            rows_of = {row["name"]: row for row in each.found["rows"]}
            cpu = {name: row["cpu_pct"] for name, row in rows_of.items()}
            memory = {name: row["memory_mb"] for name, row in rows_of.items()}
            charts += [
                bars("Processor per camera", cpu, unit="% of a core"),
                bars("Memory per camera", memory, unit="MB"),
            ]
    return under_each_other(charts) if charts else ""


def write(results: Sequence[Result], machine: str, *, quick: bool, picture: str) -> str:
    """The page."""
    page = [
        "# Performance\n",
        "Written by `make bench` (`python -m benchmarks`); do not edit. Each measurement is a program that can be run",
        "alone, with the command that stands above its table; what it does stands in its own first lines.\n",
        f"Machine: {machine}.{' A quick look: nothing here is precise.' if quick else ''}\n",
    ]
    if picture:
        page.append(f"![cameras against processor; a camera here and with others]({picture})\n")
    about = {each.name: each.about for each in BENCHES}
    for each in results:
        ended = "" if each.code == 0 else f" It ended with {each.code}."
        page.append(f"## {about[each.name]}\n\n`{each.command}`, {each.took_s:.0f} s.{ended}\n")
        page.append(f"```text\n{each.printed.strip()}\n```\n")
    return "\n".join(page)


if __name__ == "__main__":
    sys.exit(main())
