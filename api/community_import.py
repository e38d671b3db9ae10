"""Community import: the text of a whole community.yaml to what can be put in force, with every mistake and its line.

Over the network nobody makes the hub read its own files: addresses of files and secrets of the hub's environment are
taken only where they stood before. What was sent hidden, as it is exported, keeps the secret that it hides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.community import Community
from config.hiding import plain, restored
from config.messages import Problem, mistakes, problems
from config.paths import Location, locate
from config.phrases import NOT_A_MAPPING, TOO_DEEP
from config.reading import LinedMap, read_text
from config.says import says
from config.writing import write_text
from hub.errors import ConfigurationError, Mistake
from hub.store.revisions import Revisions

_BODY = Path("body")
"""For the messages alone: lines are those of the text that was sent."""
_FIRST_LINE = "# Secrets are hidden as ***: sent back so, each stays as it is.\n"
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def text_of(community: Community) -> str:
    """A Community as community.yaml, without its secrets and without what is as it would be anyway."""
    return _FIRST_LINE + write_text(plain(community, defaults=False))


def read_community(text: str, before: Community, revisions: Revisions) -> Community:
    """What a text says there is.

    Args:
        text: As community.yaml.
        before: What is in force, as whoever wrote the text was shown it.
        revisions: Which know what else may be wrong.

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    data = read_text(text, file=_BODY)
    if not isinstance(data, LinedMap):
        raise ConfigurationError((Mistake(_BODY, "", NOT_A_MAPPING, 1),))
    try:
        sent = Community.model_validate(data, context={"folder": None})
    except ValidationError as error:
        raise ConfigurationError(mistakes(problems(error, Community, data), file=_BODY, data=data)) from None
    except RecursionError:
        raise ConfigurationError((Mistake(_BODY, "", TOO_DEEP, 1),)) from None
    community, hidden = restored(sent, before)
    wrong = mistakes([*hidden, *_files(community, before)], file=_BODY, data=data)
    further = [] if hidden else _with_lines(revisions.mistakes(community), data)
    if wrong or further:
        raise ConfigurationError((*wrong, *further))
    return community


_FILE_OF_HUB = says(
    "is a file on the hub; only community.yaml there may name one",
    "是中枢上的文件；只有那里的 community.yaml 才能写",
)


def _files(community: Community, before: Community) -> Iterator[Problem]:
    """Addresses of files of the hub that did not stand there before."""
    known = {stream.url for camera in before.cameras for stream in (camera.main, camera.sub) if stream is not None}
    for number, camera in enumerate(community.cameras):
        for name, stream in (("main", camera.main), ("sub", camera.sub)):
            if stream is not None and stream.url.startswith("file:") and stream.url not in known:
                place = ("cameras", number, name, "url")
                yield Problem(place, _FILE_OF_HUB)


def _with_lines(found: Iterable[Mistake], data: Any) -> list[Mistake]:
    """Mistakes that name a path, with its line in the text."""
    return [Mistake(_BODY, each.path, each.message, locate(_location(each.path), data).line) for each in found]


def _location(path: str) -> Location:
    return tuple(int(number) if number else name for name, number in _PART.findall(path))
