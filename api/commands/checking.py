"""Checking: what is wrong in configuration and rule files, all of it, before a hub meets them.

A file is recognised by what it holds: a list is rules, a mapping with `format` and `read` is a map of payloads, one
with keys of the Community is a community, any other mapping is a machine. Runs in a process of its own (`hub check`),
because the plugins of cameras load a decoder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from alerts.dispatch.rosters import uncovered
from alerts.language.memory import RuleMemory, in_words, memory_mistake, memory_of
from alerts.language.naming import absent_names
from alerts.language.rulebook import load_rules, rule_files
from alerts.language.spoken import SPOKEN
from alerts.language.written import read_rules
from alerts.trials.ruletests import load_tests, read_tests
from config.community import Community
from config.errors import ConfigurationError, Mistake
from config.load import check_community, load_community, load_machine, read_yaml
from config.machine import Machine, too_seldom
from config.messages import mistakes
from config.networks import Networks
from config.says import in_english
from hub.clock import SystemClock
from hub.plugins import load_plugins
from hub.sensors.formats import PACKAGE
from hub.sensors.kinds import KINDS
from hub.sensors.maps.folder import SHIPPED as SHIPPED_MAPS
from hub.sensors.maps.folder import map_files, read_maps, sample_mistakes
from hub.sensors.options import SensorOptions


@dataclass(frozen=True, slots=True)
class Checked:
    """One file or folder that was looked at.

    Attributes:
        path: Which.
        what: `machine`, `community`, `rules`, `rule tests` or `payload maps`; empty when it cannot be told.
        summary: What is in it, when nothing is wrong.
        mistakes: What is wrong.
        details: More of what is in it, a line each.
        warnings: What may well be meant, and is worth a look.
    """

    path: Path
    what: str
    summary: str
    mistakes: tuple[Mistake, ...]
    details: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check(paths: list[Path]) -> Iterator[Checked]:
    """Look at each file, and at the rules or maps of each folder.

    A machine and folders of maps among them say which payload formats a community may name.
    """
    seen: dict[Path, str] = {}
    for path in paths:
        with contextlib.suppress(ConfigurationError):  # told below, with all others
            seen[path] = _recognise(path)
    folders = list(_map_folders(seen))
    communities = list(_communities(seen))
    most_mib = min(_limits(seen), default=Machine().rules_memory_mib)
    networks = next(_networks(seen), None)
    for path in paths:
        what = ""
        details: tuple[str, ...] = ()
        warnings: tuple[str, ...] = ()
        try:
            what = seen.get(path) or _recognise(path)
            if what == "community":
                summary, warnings = _community(path, folders, networks)
            elif what == "machine":
                summary, warnings = _machine(path)
            elif what == "rules":
                summary = _rules(path, communities)
                memory, details = _memory(path, communities, most_mib)
                summary += memory
            else:
                summary = _CHECKS[what](path)
        except ConfigurationError as error:
            yield Checked(path, what, "", error.mistakes)
        else:
            yield Checked(path, what, summary, (), details, warnings)


def _communities(seen: Mapping[Path, str]) -> Iterator[Community]:
    """Those among the files, to which the names in rules are held."""
    for path, what in seen.items():
        if what == "community":
            with contextlib.suppress(ConfigurationError):
                yield load_community(path)


def _limits(seen: Mapping[Path, str]) -> Iterator[int]:
    """What the machines among the files let rules remember, in MiB."""
    for path, what in seen.items():
        if what == "machine":
            with contextlib.suppress(ConfigurationError):
                yield load_machine(path).rules_memory_mib


def _networks(seen: Mapping[Path, str]) -> Iterator[Networks]:
    """Where the machines among the files let cameras and notifiers be."""
    for path, what in seen.items():
        if what == "machine":
            with contextlib.suppress(ConfigurationError):
                yield load_machine(path).networks


def _map_folders(seen: Mapping[Path, str]) -> Iterator[Path]:
    for path, what in seen.items():
        if what == "payload maps":
            yield path if path.is_dir() else path.parent
        elif what == "machine":
            with contextlib.suppress(ConfigurationError):
                folder = load_machine(path).payloads
                if folder is not None:
                    yield folder


def _recognise(path: Path) -> str:
    if not path.exists():
        raise ConfigurationError((Mistake(path, "", in_english("no such file")),))
    if path.is_dir():
        return "payload maps" if any(_is_map(file) for file in map_files(path)) else "rules"
    if ".test." in path.name:
        return "rule tests"
    data = read_yaml(path)
    if isinstance(data, list) or (isinstance(data, dict) and "rule" in data):
        return "rules"
    if not isinstance(data, dict):
        message = "neither machine, community nor rules; write `name: value` lines, or a list of rules"
        raise ConfigurationError((Mistake(path, "", in_english(message)),))
    if "format" in data and ("read" in data or "topics" in data):
        return "payload maps"
    community = len(set(data) & set(Community.model_fields))
    machine = len(set(data) & set(Machine.model_fields))
    if community == machine:
        return "machine" if "machine" in path.name else "community"
    return "community" if community > machine else "machine"


def _is_map(path: Path) -> bool:
    try:
        return ".test." not in path.name and _recognise(path) == "payload maps"
    except ConfigurationError:
        return False


def _machine(path: Path) -> tuple[str, tuple[str, ...]]:
    """What is in it, and what cameras will not see with it."""
    machine = load_machine(path)
    seldom = too_seldom(machine.workers.analysis_fps)
    summary = f"data in {machine.data}, {machine.workers.count} workers, {machine.broker.kind} broker"
    return summary, () if seldom is None else (seldom,)


def _community(path: Path, folders: Sequence[Path], networks: Networks | None) -> tuple[str, tuple[str, ...]]:
    """What is in it, and when nobody is on duty in the weeks to come; without a machine, what the usual one refuses."""
    community = load_community(
        path,
        formats=_formats(folders),
        detectors=_kinds("cameras.detectors"),
        observations=set(KINDS),
        notifiers=_kinds("alerts.notifiers"),
        behaviours=_kinds("cameras.behaviours"),
        networks=networks,
    )
    parts = ("areas", "sites", "cameras", "sensors")
    summary = ", ".join(f"{len(getattr(community, part))} {part}" for part in parts)
    refused = check_community(community, networks=Machine().networks) if networks is None else ()
    return summary, (*uncovered(community, SystemClock().now()), *map(str, refused))


def _rules(path: Path, communities: Sequence[Community]) -> str:
    if path.is_dir():
        book = load_rules(path, observations=SPOKEN)
        tests = sum(len(file.tests) for file in load_tests(path, rules={*book.by_id, *book.off}))
        lacking = _names(rule_files(path), communities)
        return f"{len(book.rules)} rules, {tests} tests{lacking}"
    try:
        # As a whole: an id may stand in another file too.
        load_rules(path.parent, observations=SPOKEN)
    except ConfigurationError as error:
        mine = tuple(mistake for mistake in error.mistakes if mistake.file == path)
        if mine:
            raise ConfigurationError(mine) from None
    return f"rules{_names((path,), communities)}"


def _memory(path: Path, communities: Sequence[Community], most_mib: int) -> tuple[str, tuple[str, ...]]:
    """How much rules remember at most in the largest of the communities, in words, and the same for each rule.

    Raises:
        ConfigurationError: It is more than the machine allows.
    """
    rules = load_rules(path if path.is_dir() else path.parent).rules
    found = max((memory_of(rules, each) for each in communities), key=_all_bytes, default=())
    if not found:
        return "", ()
    if words := memory_mistake(found, most_mib):
        raise ConfigurationError((Mistake(path, "", in_english(words)),))
    lines = (
        f"{each.rule}: {each.keys} keys, {in_words(each.key_bytes)} each, {in_words(each.all_bytes)}" for each in found
    )
    return f"; {in_words(_all_bytes(found))} remembered at most", tuple(lines)


def _all_bytes(found: Sequence[RuleMemory]) -> int:
    return sum(each.all_bytes for each in found)


def _names(files: Sequence[Path], communities: Sequence[Community]) -> str:
    """What rules name that a community may well lack, in words.

    Raises:
        ConfigurationError: They name what must be there and is not.
    """
    wrong: list[Mistake] = []
    lacking: set[str] = set()
    for community in communities:
        for file in files:
            data = read_yaml(file)
            assert isinstance(data, list)
            absent = absent_names(data, community)
            wrong += mistakes(absent.problems, file=file, data=data)
            lacking |= absent.aside
    if wrong:
        raise ConfigurationError(tuple(wrong))
    return f"; not in the community: {', '.join(sorted(lacking))}" if lacking else ""


def _rule_tests(path: Path) -> str:
    file = read_tests(path, rules=read_rules(path.parent))
    return f"{len(file.tests)} tests, run by `hub rules test`"


def _maps(path: Path) -> str:
    """Checked as a whole with the shipped ones; of a single file only its own mistakes are told."""
    mine = map_files(path) if path.is_dir() else (path,)
    around = {file.resolve(): file for file in (*map_files(SHIPPED_MAPS), *map_files(mine[0].parent))}
    for file in mine:
        around.pop(file.resolve(), None)
    try:
        maps = read_maps([*around.values(), *mine], taken=load_plugins(PACKAGE))
    except ConfigurationError as error:
        wrong = tuple(mistake for mistake in error.mistakes if mistake.file in mine)
        raise ConfigurationError(wrong or error.mistakes) from None
    own = [one for one in maps.values() if one.file in mine]
    if wrong := tuple(mistake for one in own for mistake in sample_mistakes(one)):
        raise ConfigurationError(wrong)
    return f"{len(own)} maps, {sum(len(one.spec.samples) for one in own)} samples"


def _formats(folders: Sequence[Path]) -> Mapping[str, type[BaseModel]]:
    """The formats that sensors may name; what is wrong in a map is told where the map is looked at."""
    known = dict(_kinds(PACKAGE))
    files = dict.fromkeys(file.resolve() for folder in (SHIPPED_MAPS, *folders) for file in map_files(folder))
    for file in files:
        with contextlib.suppress(ConfigurationError):
            data = read_yaml(file)
            if isinstance(data, dict) and isinstance(data.get("format"), str):
                known.setdefault(data["format"], SensorOptions)
    return known


def _kinds(package: str) -> Mapping[str, type[BaseModel]]:
    return {kind: plugin.options for kind, plugin in load_plugins(package).items()}


_CHECKS = {"rule tests": _rule_tests, "payload maps": _maps}
