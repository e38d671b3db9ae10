"""YAML to models: every mistake at once, with file, line, path and what to write instead.

Runs at start, in `hub check` and when an API body is taken. Reads files, environment variables and nothing else; holds
no state. Every relative path in a file begins at the folder of that file. No message and no raised error holds a
secret: pydantic's own errors, which quote what was written, are not chained.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.check import Kinds, Known, community_problems
from config.community import Community
from config.errors import ConfigurationError, Mistake
from config.machine import Machine
from config.machine_check import machine_problems
from config.messages import Problem, mistakes, problems
from config.networks import Networks
from config.paths import Location
from config.phrases import NOT_A_MAPPING, TOO_DEEP
from config.reading import LinedMap, read_text, read_yaml
from config.salvage import salvage

__all__ = ["check_community", "load_community", "load_machine", "parse", "read_text", "read_yaml"]

M = TypeVar("M", bound=BaseModel)


def load_machine(path: Path | None) -> Machine:
    """How this machine runs; the defaults when there is no file.

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    if path is None:
        return Machine()
    data = _read_mapping(path)
    machine = parse(Machine, data, file=path)
    if found := list(machine_problems(machine)):
        raise ConfigurationError(mistakes(found, file=path, data=data))
    return machine


def load_community(
    path: Path,
    *,
    formats: Kinds | None = None,
    detectors: Kinds | None = None,
    observations: Collection[str] | None = None,
    notifiers: Kinds | None = None,
    behaviours: Kinds | None = None,
    networks: Networks | None = None,
    hidden: bool = False,
) -> Community:
    """What there is, checked as `check_community` does, and every `file:` address must lead to a file.

    Secrets that are hidden are a mistake, unless `hidden` says that whoever asks knows them (`config/hiding.py`).

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    data = _read_mapping(path)
    known = Known(formats, detectors, observations, notifiers, behaviours, networks)
    community, found = _validate(Community, data, path, hidden=hidden)
    unreadable: frozenset[Location] = frozenset()
    readable = community
    if readable is None and (saved := salvage(data, found, _context(path))):
        readable, unreadable = saved
    if readable is not None:
        further = community_problems(readable, known, look_at_files=True)
        found += [problem for problem in further if problem.location[:2] not in unreadable]
    if community is None or found:
        raise ConfigurationError(mistakes(found, file=path, data=data))
    return community


def parse(model: type[M], data: object, *, file: Path | None) -> M:
    """Data as a model.

    Args:
        model: What it should be.
        data: From `read_yaml` or `read_text` (then lines are known), or any plain data.
        file: Where it was read; None for an API body, in which `env:` and `file:` secrets are refused.

    Raises:
        ConfigurationError: All that does not fit the model.
    """
    made, found = _validate(model, data, file)
    if made is None:
        raise ConfigurationError(mistakes(found, file=file, data=data))
    return made


def check_community(
    community: Community,
    file: Path | None = None,
    *,
    formats: Kinds | None = None,
    detectors: Kinds | None = None,
    observations: Collection[str] | None = None,
    notifiers: Kinds | None = None,
    behaviours: Kinds | None = None,
    networks: Networks | None = None,
) -> tuple[Mistake, ...]:
    """What is wrong in a Community beyond its shape, all of it; empty when it can be accepted.

    Args:
        community: From a file, or as an edit through the API leaves it.
        file: For the messages, and whether to look for the files of `file:` addresses: an edit of one thing must not
            fail because the video of another is away.
        formats: Payload formats by kind, each with the model of its options; None leaves them unchecked.
        detectors: Detectors by kind, each with the model of its options; None leaves them unchecked.
        observations: What sensors can observe; None leaves it unchecked.
        notifiers: Channels of notifiers, each with the model of its options; None leaves them unchecked.
        behaviours: Behaviours by kind, each with the model of its options; None leaves them unchecked.
        networks: Where cameras and notifiers may be; None leaves it unchecked.
    """
    known = Known(formats, detectors, observations, notifiers, behaviours, networks)
    found = community_problems(community, known, look_at_files=file is not None)
    return mistakes(found, file=file, data=None)


def _validate(
    model: type[M], data: object, file: Path | None, *, hidden: bool = False
) -> tuple[M | None, list[Problem]]:
    try:
        return model.model_validate(data, context=_context(file) | {"hidden": hidden}), []
    except ValidationError as error:
        return None, problems(error, model, data)
    except RecursionError:
        return None, [Problem((), TOO_DEEP)]


def _context(file: Path | None) -> dict[str, Any]:
    return {"folder": file.absolute().parent if file is not None else None}


def _read_mapping(path: Path) -> LinedMap:
    data = read_yaml(path)
    if isinstance(data, LinedMap):
        return data
    raise ConfigurationError((Mistake(path, "", NOT_A_MAPPING, 1),))
