"""`python -m tests.fuzzing.run TARGET [--minutes 10]`: throw made-up bytes at one entrance, guided by its branches.

A crash, a hang and growth of memory end the run with exit code 1; the input that did it goes into the corpus, which
`test_corpus.py` runs from then on. After a clean run some of the inputs that reached something new are kept too, short
and long. Needs `pip install atheris` (Linux; in the extra `fuzzing`).
"""

from __future__ import annotations

import argparse
import importlib
import logging
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzzing.target import LONGEST_BYTES, SLOWEST_S, Target, corpus_of, write_corpus

TARGETS = {
    "mqtt": ("hub.sensors", "hub.events", "hub.counts"),
    "rtsp": ("cameras.streams", "cameras.protocols", "cameras.recordings.mp4"),
    "onvif": ("cameras.onvif",),
    "configuration": ("config", "alerts.language", "alerts.rules"),
}
"""Each entrance, and the packages whose branches guide the search; named here because they must not be imported yet."""

MOST_KEPT = 200
_MOST_MIB = 512


def main() -> int:
    """Fuzz one target; with `--search`, in the process that may crash."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("target", choices=tuple(TARGETS))
    words.add_argument("--minutes", type=float, default=10.0)
    words.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.search:
        _search(asked.target, asked.minutes, asked.search)
        return 0
    return _whole(asked.target, asked.minutes)


def target_of(name: str) -> Target:
    """The target of a name."""
    found = importlib.import_module(f"tests.fuzzing.{name}").TARGET
    assert isinstance(found, Target)
    return found


def _whole(name: str, minutes: float) -> int:
    target = target_of(name)
    known = corpus_of(name)
    begun = [raw[:LONGEST_BYTES] for raw in (*target.seeds(), *known)]
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as made:
        folder = Path(made)
        for part in ("found", "failed"):
            (folder / part).mkdir()
        for number, raw in enumerate(begun):
            (folder / "found" / f"{number:05}").write_bytes(raw)
        (folder / "words").write_text("".join(f"{_quoted(word)}\n" for word in target.words), encoding="ascii")
        command = [sys.executable, "-m", "tests.fuzzing.run", name, "--minutes", str(minutes), "--search", made]
        code = subprocess.run(command, check=False).returncode
        failures = [path.read_bytes() for path in (folder / "failed").iterdir()]
        reached = {path.read_bytes() for path in (folder / "found").iterdir()} - set(begun)
    if code or failures:
        write_corpus(name, [*known, *failures])
        print(f"{name}: FAILED, exit {code}; {len(failures)} inputs are kept in the corpus", file=sys.stderr)
        return 1
    ordered, room = sorted(reached, key=lambda each: (len(each), each)), max(0, MOST_KEPT - len(known))
    write_corpus(
        name, [*known, *ordered[:: max(1, -(-len(ordered) // max(1, room)))][:room]]
    )  # short ones and long ones
    print(f"{name}: {minutes:g} minutes without a crash, a hang or growth; {len(reached)} inputs reached something new")
    return 0


def _search(name: str, minutes: float, folder: Path) -> None:
    import atheris  # only who fuzzes needs it

    logging.disable(logging.WARNING)
    with atheris.instrument_imports(include=list(TARGETS[name])):
        target = target_of(name)
        run = target.start()

    def mutate(raw: bytes, most: int, seed: int) -> bytes:
        """Half of the time as the target knows its own form, otherwise bytes as bytes."""
        chance = random.Random(seed)
        if target.change is None or chance.random() < 0.5:
            return bytes(atheris.Mutate(raw, len(raw)))[:most] if raw else b"\n"
        return target.change(raw, chance)[:most]

    options = [
        f"-timeout={SLOWEST_S:g}",
        f"-rss_limit_mb={_MOST_MIB}",
        f"-max_len={LONGEST_BYTES}",
        f"-max_total_time={minutes * 60:.0f}",
        f"-artifact_prefix={folder / 'failed'}/",
        f"-dict={folder / 'words'}",
        "-print_final_stats=1",
        str(folder / "found"),
    ]
    atheris.Setup([sys.argv[0], *options], run, **({} if target.change is None else {"custom_mutator": mutate}))
    atheris.Fuzz()


def _quoted(word: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


if __name__ == "__main__":
    sys.exit(main())
