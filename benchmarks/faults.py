"""What happens when things break: a whole hub with cameras and sensors, troubled at moments of chance, then audited.

    python -m benchmarks.faults [--minutes 60] [--cameras 159] [--sensors 1200] [--seed 1]
    python -m benchmarks.faults --minutes 3 --cameras 12 --sensors 100 --gate      # as CI runs it

Workers, hub and broker get SIGKILL, singly and together; disks are filled; another process locks the database; the
hub's clock is set; cameras and sensors are cut, flood, lie and come back. Afterwards the books are closed
(docs/reference/faults.md): every acknowledged message is stored exactly once, every second that a camera sent is
recorded but for what is promised to be lost, every alert that was due is there once, nothing grew. Prints a table and
writes JSON (`--json FILE`); with `--gate` the exit status is 1 when a promise is broken. `--keep FOLDER` leaves
everything there to be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.capacity import clips
from benchmarks.farm import accounts, troubles
from benchmarks.farm.accounts import Account
from benchmarks.farm.cameras import CameraFarm
from benchmarks.farm.coverage import account_recordings, recorded
from benchmarks.farm.diary import Diary
from benchmarks.farm.disks import small_disk
from benchmarks.farm.formats import FORMATS, Device, devices
from benchmarks.farm.running import CLOCK, NEVER, HubProgram, Plan, Sample, core_count, machine_name
from benchmarks.farm.sensors import SensorFarm
from benchmarks.farm.troubles import Scene, Stage

SILENT_AFTER_S = 25.0
SAYS_S = 60.0
"""`for` of the rule sensor.offline."""
VIDEO_SAYS_S = 30.0
"""`for` of the rule camera.video_loss."""
SEEN_S = 10.0
"""Within this a camera that sends nothing is offline."""
SLACK_S = 25.0
"""What a busy machine may take on top of that."""
SETTLE_S = 12.0
"""Nothing is on its way any more: longer than the broker waits (5 s) before it sends something again, twice."""
UP_S = 240.0
YOUNG_S = 90.0
"""So long a process still fills its caches."""
_GIB = 2**30


def main() -> int:
    """Run once, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--cameras", type=int, default=159)
    parser.add_argument("--sensors", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gate", action="store_true", help="exit with 1 when a promise is broken")
    parser.add_argument("--detectors", nargs="*", help="of every camera; left out: what they are by themselves")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="an empty folder that stays, with everything in it")
    asked = parser.parse_args()
    with _folder(asked.keep) as folder:
        kept, result = run(asked, folder)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0 if kept or not asked.gate else 1


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def run(asked: argparse.Namespace, folder: Path) -> tuple[bool, dict[str, object]]:
    """Trouble a hub and audit it; whether every promise was kept, and everything that was found."""
    farm = devices(asked.sensors)
    long = asked.minutes >= 10  # noqa: PLR2004
    films_bytes = round(2 * _GIB + asked.cameras * asked.minutes * 4e6)
    chance = random.Random(asked.seed)  # noqa: S311 - moments, no secrets
    print(f"{machine_name()}, load {os.getloadavg()[0]:.1f}")
    print(f"{asked.cameras} cameras, {asked.sensors} sensors, {asked.minutes:g} minutes, seed {asked.seed}", flush=True)
    with ExitStack() as stack:
        data = stack.enter_context(small_disk(folder, "data-disk", 4 * _GIB))
        films = stack.enter_context(small_disk(folder, "films-disk", films_bytes))
        cameras = CameraFarm(
            clips(folder), cameras=asked.cameras, busy=round(asked.cameras * 0.1), folder=folder, login="farm:secret-1"
        )
        stack.enter_context(cameras)
        plan = Plan(
            folder,
            data.path / "data",
            films.path / "recordings",
            farm,
            silent_after_s=SILENT_AFTER_S,
            detectors=asked.detectors,
            workers=core_count(),
        )
        hub = HubProgram(plan, cameras)
        stack.callback(hub.stop)
        hub.start()
        if not hub.wait_ready(UP_S):
            raise SystemExit(f"the hub did not start:\n{hub.log.read_text(encoding='utf-8')}")
        sensors = SensorFarm(
            farm, port=hub.mqtt_port, login=hub.devices_login, folder=folder, every_s=15.0 if long else 6.0
        )
        stack.enter_context(sensors)
        scene = Scene(hub, cameras, sensors, data, films, chance, Diary(), 0.0, long)
        samples = play(scene, farm, asked.minutes * 60)
        ledger, spans = sensors.ledger(), cameras.spans()
        ended_s = CLOCK.now().timestamp()
        hub.stop()
        if asked.keep:
            for path in (hub.database, *(plan.data / "broker").glob("nats.log*")):
                shutil.copy(path, folder / path.name)
        checked = _check(plan)
        stored = accounts.read_store(hub.database, scene.diary, until_s=scene.diary.quiet_s + SAYS_S)
        spans = {name: [(begins, min(ends, ended_s - 1)) for begins, ends in rows] for name, rows in spans.items()}
        books = [
            accounts.account_messages(ledger, stored, scene.diary),
            accounts.account_refusals(ledger, stored),
            accounts.account_alarms(ledger, stored),
            _silent_sensors(scene.diary, stored, sensors.behind),
            _silent_cameras(scene.diary, stored),
            account_recordings(spans, recorded(plan.recordings, scene.diary), scene.diary),
            _growth(samples),
            _back(scene.diary),
            checked,
        ]
        said = _log(hub.log)
    report(scene, books, stored, said)
    return not any(book.broken for book in books), {
        "machine": machine_name(),
        "asked": {name: str(value) for name, value in vars(asked).items()},
        "books": [{**vars_of(book), "notes": dict(book.notes)} for book in books],
        "troubles": [asdict(each) for each in scene.diary.troubles],
        "other_alerts": dict(accounts.false_alerts(stored)),
        "log": said,
        "samples": [asdict(each) for each in samples],
    }


def play(scene: Scene, farm: Sequence[Device], seconds: float) -> list[Sample]:
    """Let the troubles come, until everything is overcome and nothing is on its way; what the processes took up."""
    began_s = CLOCK.monotonic_s()
    while not scene.works():
        if CLOCK.monotonic_s() - began_s > UP_S:
            raise SystemExit(f"{scene.hub.live()} of {len(scene.cameras.ids)} cameras are live after {UP_S:g} s")
        CLOCK.wait(NEVER, 0.5)
    CLOCK.wait(NEVER, 5.0)
    scene.ends_s = CLOCK.monotonic_s() + seconds
    stage, chance = Stage(), scene.chance
    names = [one.id for one in farm]
    chance.shuffle(names)
    some = max(2, len(names) // 20)
    quiet, loud = names[:some], names[some:]
    ringing = [one.id for one in farm if FORMATS[one.format].alarms and one.id in set(loud)]
    stage.add(troubles.heavy(scene))
    share = max(1, round(len(scene.cameras.ids) / 3 / max(1, len(scene.cameras.ids) // 30)))
    troubled = scene.cameras.ids[::2]
    for begin in range(0, len(troubled), share):
        stage.add(troubles.camera_troubles(scene, troubled[begin : begin + share]))
    for number in range(4):
        stage.add(troubles.sensor_troubles(scene, loud[number::4]))
    for number in range(2):
        stage.add(troubles.silence(scene, quiet[number::2], lasts_s=SILENT_AFTER_S + SAYS_S + SLACK_S + 20))
    stage.add(troubles.alarms(scene, ringing, seconds * 0.9))
    samples: list[Sample] = []
    sampled_s = 0.0
    while stage.busy:
        stage.step()
        if CLOCK.monotonic_s() - sampled_s > 5:  # noqa: PLR2004 - seconds between samples
            sampled_s = CLOCK.monotonic_s()
            samples += scene.hub.sample()
        CLOCK.wait(NEVER, 0.1)
    _settle(scene)
    return samples


def _settle(scene: Scene) -> None:
    """Have the sensors say nothing more, and wait until the hub has stored what they said."""
    scene.sensors.fault("*", silent=True, flood_s=0.0, storm=False, password=False)
    scene.diary.quiet_s = CLOCK.now().timestamp()
    until_s, quiet_s, newest = CLOCK.monotonic_s() + UP_S, CLOCK.monotonic_s(), 0.0
    while CLOCK.monotonic_s() < until_s and CLOCK.monotonic_s() - quiet_s < SETTLE_S:
        found = scene.hub.metrics()
        heard = sum(value for name, value in found.items() if name.startswith(("hub_mqtt_", "hub_stream_entries")))
        if not scene.works() or not scene.sensors.counts()["settled"] or heard != newest:
            quiet_s, newest = CLOCK.monotonic_s(), heard
        CLOCK.wait(NEVER, 0.5)


def _silent_sensors(diary: Diary, stored: accounts.Stored, behind: Mapping[str, frozenset[str]]) -> Account:
    due = [(each.whom[0], diary.listened(each.begins_s, each.ends_s)) for each in diary.of("sensor.silent")]
    cut = {who for each in diary.of("sensor.storm", "sensor.password", "sensor.garbage") for who in each.whom}
    cut = {other for who in cut for other in behind[who]}
    return accounts.account_silence(
        "silent sensors that became exactly one alert",
        accounts.OFFLINE,
        due,
        stored,
        least_s=SILENT_AFTER_S + SAYS_S + SLACK_S,
        excused=cut,
    )


def _silent_cameras(diary: Diary, stored: accounts.Stored) -> Account:
    due = [(each.whom[0], diary.listened(each.begins_s, each.ends_s)) for each in diary.of(*troubles.CUTS)]
    slow = any((each.back_s or 0.0) > SEEN_S + VIDEO_SAYS_S / 2 for each in diary.troubles)
    return accounts.account_silence(
        "cameras cut off that became exactly one alert",
        accounts.VIDEO_LOSS,
        due,
        stored,
        least_s=SEEN_S + VIDEO_SAYS_S + SLACK_S,
        excused={who for each in diary.of("camera.storm", "camera.corrupt", "camera.lose") for who in each.whom},
        anybody=slow,  # a hub that is not back for so long raises it of any camera, rightly
    )


def _growth(samples: Sequence[Sample]) -> Account:
    account = Account("processes that live for long and do not grow")
    for pid in sorted({each.pid for each in samples}):
        mine = [each for each in samples if each.pid == pid]
        grown_up = [each for each in mine if each.at_s - mine[0].at_s > YOUNG_S]
        if not grown_up or mine[-1].at_s - grown_up[0].at_s < YOUNG_S:
            continue
        account.expected += 1
        early, late = grown_up[0], mine[-1]
        grew = [
            f"{name} {getattr(early, name):.0f} to {getattr(late, name):.0f}"
            for name, share, least in (("resident_mb", 1.25, 100), ("handles", 1.5, 60), ("threads", 1.5, 20))
            if getattr(late, name) > max(getattr(early, name) * share, getattr(early, name) + least)
        ]
        account.found += not grew
        account.broken += [f"{early.role} {pid}: {', '.join(grew)}"] if grew else []
    return account


def _back(diary: Diary) -> Account:
    account = Account(f"troubles of the hub overcome within {troubles.PATIENCE_S:.0f} s")
    for each in diary.troubles:
        if "." in each.kind or (each.kind == "worker" and each.back_s is None and each.begins_s == each.ends_s):
            continue
        account.expected += 1
        account.found += each.back_s is not None
        if each.back_s is None:
            account.broken.append(f"{each.kind} at {each.begins_s:.1f}")
    return account


def _check(plan: Plan) -> Account:
    """Let catalogue and files be compared twice: the second time there must be nothing to put right."""
    words = (
        str(Path(sys.executable).with_name("hub")),
        "recordings",
        "check",
        "--machine",
        str(plan.folder / "machine.yaml"),
    )
    said = [subprocess.run(words, capture_output=True, text=True, check=False) for _ in range(2)]
    account = Account("`hub recordings check` finds nothing to put right, the second time", expected=1)
    account.found = int(said[1].returncode == 0)
    if said[1].returncode:
        account.broken.append((said[1].stdout + said[1].stderr)[-2000:])
    return account


def vars_of(book: Account) -> dict[str, object]:
    """Its fields by name."""
    return {each.name: getattr(book, each.name) for each in fields(book)}


def _log(path: Path) -> dict[str, int]:
    """What the hub and its workers complained of, and how often."""
    counted: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        found = re.search(r"\b(WARNING|ERROR|CRITICAL)\b\s*(.*)", line, re.IGNORECASE)
        if found:
            counted[re.sub(r"[0-9a-f]{8,}|\d+", "#", found[0])[:120]] += 1
        elif re.match(r"^\w*(Error|Exception)\b", line):
            counted[line[:120]] += 1
    return dict(counted.most_common(60))


def report(scene: Scene, books: Sequence[Account], stored: accounts.Stored, said: dict[str, int]) -> None:
    """Print what was done and what came of it."""
    for each in scene.diary.troubles:
        if "." not in each.kind:
            print(f"{each.begins_s:.1f} to {each.ends_s:.1f} {each.kind}, back after {each.back_s or 0:.1f} s")
    print("\ntrouble            times  back, s (median / longest)")
    kinds = Counter(each.kind for each in scene.diary.troubles)
    for kind, times in sorted(kinds.items()):
        back = sorted(each.back_s for each in scene.diary.of(kind) if each.back_s is not None)
        shown = f"{back[len(back) // 2]:8.1f} / {back[-1]:.1f}" if back else ""
        print(f"{kind:18} {times:5}  {shown}")
    for small in (scene.data, scene.films):
        if small.why_not:
            print(f"{small.path.name} was not filled: {small.why_not}")
    print(f"\n{'promise':70} {'due':>8} {'kept':>8} {'broken':>7}")
    for book in books:
        print(f"{book.promise:70} {book.expected:8} {book.found:8} {len(book.broken):7}")
        for note, count in book.notes.items():
            print(f"  {note}: {count}")
        for line in book.broken[:20]:
            print(f"  BROKEN {line}")
    print("\nother alerts:", dict(accounts.false_alerts(stored)))
    print("said in the log:")
    for line, times in list(said.items())[:25]:
        print(f"  {times:5} {line}")


if __name__ == "__main__":
    sys.exit(main())
