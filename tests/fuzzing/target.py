"""Target: one entrance of the program, as bytes that anybody could send, and what must hold whatever they are.

A target's `run` returns when the bytes were read or refused in the ways the entrance promises, and raises for anything
else. Targets keep nothing between runs that grows; the runner watches time and memory.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"

SLOWEST_S = 5.0
"""Longer is a hang: the largest honest input takes a fraction of a second."""
LONGEST_BYTES = 4096
"""Of an input made up; what size alone does is tested beside each entrance."""


@dataclass(frozen=True, slots=True)
class Target:
    """One entrance.

    Attributes:
        name: Of its corpus.
        start: Makes what takes the bytes; what it makes lives for the whole run.
        seeds: Honest inputs to begin with.
        words: What the search may put in.
        change: Makes another input of one, by a random number, keeping its form; None leaves that to the search.
    """

    name: str
    start: Callable[[], Callable[[bytes], None]]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()
    change: Callable[[bytes, random.Random], bytes] | None = None


def corpus_of(name: str) -> list[bytes]:
    """What earlier runs found worth keeping, and every input that ever failed."""
    path = CORPUS / f"{name}.jsonl"
    if not path.exists():
        return []
    return [_bytes(line) for line in path.read_text(encoding="ascii").splitlines()]


def write_corpus(name: str, inputs: Iterable[bytes]) -> None:
    """Keep inputs, one a line, the shortest first; text where it is text."""
    lines = [_line(each) for each in sorted(set(inputs), key=lambda each: (len(each), each))]
    (CORPUS / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def _line(raw: bytes) -> str:
    try:
        return json.dumps(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return json.dumps({"base64": base64.b64encode(raw).decode("ascii")})


def _bytes(line: str) -> bytes:
    body = json.loads(line)
    return body.encode() if isinstance(body, str) else base64.b64decode(body["base64"])
