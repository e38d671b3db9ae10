"""Checking: what is wrong in configuration and rule files, all of it, before a hub meets them.

A file is recognised by what it holds: a list is rules, a mapping with keys of the Community is a community, any other
mapping is a machine. Runs in a process of its own (`hub check`), because the plugins of cameras load a decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from alerts.rulebook import load_rules
from alerts.ruletests import load_tests, read_tests
from alerts.written import read_rules
from config.community import Community
from config.errors import ConfigurationError, Mistake
from config.load import load_community, load_machine, read_yaml
from config.machine import Machine
from hub.plugins import load_plugins
from hub.sensors.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Checked:
    """One file or folder that was looked at.

    Attributes:
        path: Which.
        what: `machine`, `community`, `rules` or `rule tests`; empty when it cannot be told.
        summary: What is in it, when nothing is wrong.
        mistakes: What is wrong.
    """

    path: Path
    what: str
    summary: str
    mistakes: tuple[Mistake, ...]


def check(paths: list[Path]) -> Iterator[Checked]:
    """Look at each file, and at the rules of each folder."""
    for path in paths:
        what = ""
        try:
            what = _recognise(path)
            summary = _CHECKS[what](path)
        except ConfigurationError as error:
            yield Checked(path, what, "", error.mistakes)
        else:
            yield Checked(path, what, summary, ())


def _recognise(path: Path) -> str:
    if not path.exists():
        raise ConfigurationError((Mistake(path, "", "no such file"),))
    if path.is_dir():
        return "rules"
    if ".test." in path.name:
        return "rule tests"
    data = read_yaml(path)
    if isinstance(data, list):
        return "rules"
    if not isinstance(data, dict):
        message = "neither machine, community nor rules; write `name: value` lines, or a list of rules"
        raise ConfigurationError((Mistake(path, "", message),))
    community = len(set(data) & set(Community.model_fields))
    machine = len(set(data) & set(Machine.model_fields))
    if community == machine:
        return "machine" if "machine" in path.name else "community"
    return "community" if community > machine else "machine"


def _machine(path: Path) -> str:
    machine = load_machine(path)
    return f"data in {machine.data}, {machine.workers.count} workers, {machine.broker.kind} broker"


def _community(path: Path) -> str:
    community = load_community(
        path,
        formats=_kinds("hub.sensors.payloads"),
        detectors=_kinds("cameras.detectors"),
        observations=set(KINDS),
        notifiers=_kinds("alerts.notifiers"),
    )
    parts = ("areas", "sites", "cameras", "sensors")
    return ", ".join(f"{len(getattr(community, part))} {part}" for part in parts)


def _rules(path: Path) -> str:
    if path.is_dir():
        book = load_rules(path)
        tests = sum(len(file.tests) for file in load_tests(path, rules={*book.by_id, *book.off}))
        return f"{len(book.rules)} rules, {tests} tests"
    try:
        load_rules(path.parent)  # rules are checked as a whole: an id may stand in another file too
    except ConfigurationError as error:
        mine = tuple(mistake for mistake in error.mistakes if mistake.file == path)
        if mine:
            raise ConfigurationError(mine) from None
    return "rules"


def _rule_tests(path: Path) -> str:
    file = read_tests(path, rules=read_rules(path.parent))
    return f"{len(file.tests)} tests, run by `hub rules test`"


def _kinds(package: str) -> Mapping[str, type[BaseModel]]:
    return {kind: plugin.options for kind, plugin in load_plugins(package).items()}


_CHECKS = {"machine": _machine, "community": _community, "rules": _rules, "rule tests": _rule_tests}
