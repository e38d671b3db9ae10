"""Configuration: what the text is for stands in its first line, the text behind it is YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from alerts.language.rulebook import SHIPPED, book_of_texts, rule_files
from config.community import Community
from config.errors import ConfigurationError
from config.load import check_community, parse, read_text
from config.machine import Machine
from config.machine_check import machine_problems
from config.messages import mistakes
from tests.fuzzing.target import Target

ROOT = Path(__file__).parents[2]


def _community(text: str) -> None:
    community = parse(Community, read_text(text), file=Path("community.yaml"))
    for mistake in check_community(community):
        assert str(mistake)
    # What is stored is read again at the next start.
    stored = community.model_dump(mode="json", context={"secrets": True})
    assert Community.model_validate(stored) == community


def _machine(text: str) -> None:
    machine = parse(Machine, read_text(text), file=Path("machine.yaml"))
    assert all(str(each) for each in mistakes(list(machine_problems(machine)), file=None, data=None))


def _rules(text: str) -> None:
    book_of_texts({"rules.yaml": text})


_READERS: Mapping[bytes, Callable[[str], None]] = {b"community": _community, b"machine": _machine, b"rules": _rules}


def _start() -> Callable[[bytes], None]:
    def run(raw: bytes) -> None:
        head, _, body = raw.partition(b"\n")
        reader = _READERS.get(head)
        if reader is None:
            return
        refused: ConfigurationError | None = None
        try:
            reader(body.decode("utf-8", errors="replace"))
        except ConfigurationError as error:
            refused = error
        assert refused is None or (refused.mistakes and all(str(each) for each in refused.mistakes))

    return run


def _seeds() -> Iterator[bytes]:
    for path in sorted((ROOT / "config" / "examples").glob("*.yaml")):
        kind = b"machine" if "machine" in path.name else b"community"
        yield kind + b"\n" + path.read_bytes()
    for path in rule_files(SHIPPED):
        text = path.read_text(encoding="utf-8")
        for rule in ("\n" + text).split("\n- rule:")[1:]:
            yield f"rules\n- rule:{rule}".encode()


TARGET = Target(
    name="configuration",
    start=_start,
    seeds=_seeds,
    words=("&a ", "*a", "<<: ", "!!python/object", "env:", "file:", "rtsp://", "community\n", "machine\n", "rules\n"),
)
