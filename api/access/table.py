"""Table: docs/reference/access.md, written from what is declared.

After a change: `python -m api.access.table > docs/reference/access.md`; a test holds the page to it.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from api.access.declaration import PREFIX, By, Declaration, Entrance, Keys
from api.access.declared import DECLARED
from hub.access import Permission, Principal, Role, permissions

_HEAD = """\
# Who may call what

Made of `api/access/declared.py` by `python -m api.access.table > docs/reference/access.md`; a test holds it to that,
and `tests/api/access/test_matrix.py` calls every route as everybody and holds the answers to it.

**Not found instead of refused.** What is not for somebody is answered with 404 in the words of what is not there, byte
for byte, and is left out of lists, counts, searches and the feed. 403 is for whoever has no such permission at all, and
says nothing about any object. 401 is for who shows no token, or one that is no longer good; it is answered before the
hub looks for anything.

What a cell says:

| word | what somebody of this role gets |
|---|---|
"""
_WORDS = {
    By.REACH: "what lies where the grants of his account reach",
    By.HOME: "the cameras of the home where he lives, and what is shared with him",
    By.SENT: "what he was sent to, and what lies in the areas that he answers for now",
    By.OWN: "what is his own, or what he answers for",
    By.DUTY: "all of it, in the room; others while they answer for an area, else 403",
    By.WHOLE: "all of it, with a grant for the whole Community",
    By.ANY: "all of it, wherever his grants reach",
}
_COLUMNS = """\
Open routes have no roles: everybody may call them. `token or link` also takes a link made for this very object, and
asks whoever it was made for anew at each use; `secret` takes what is in the body; `here or token` takes nothing from
the machine itself. API keys do what their scope and cameras hold, except where it says *people*.
"""


def text() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD.rstrip("\n")
    for by, words in _WORDS.items():
        yield f"| {by.value} | {words} |"
    yield "| in | all of it: there is nothing to be found or not |"
    yield "| 403 | nothing |"
    yield ""
    yield _COLUMNS
    for kind, some in itertools.groupby(DECLARED, key=lambda each: each.kind):
        yield f"## {'Whoever asks' if kind == 'none' else kind.value.capitalize()}"
        yield ""
        yield f"| route | shown | {' | '.join(Role)} | keys |"
        yield "|---" * (len(Role) + 3) + "|"
        for each in some:
            cells = [_cell(each, role) for role in Role]
            keys = "people" if each.keys is Keys.NONE else "scope" if _asks(each) else ""
            path = each.path.removeprefix(PREFIX)
            yield f"| `{each.method} {path}` | {each.entrance.value} | {' | '.join(cells)} | {keys} |"
        yield ""


def _cell(declared: Declaration, role: Role) -> str:
    may = permissions(Principal("", "", role.value))
    if not _asks(declared):
        return ""
    if not declared.lets(may):
        return "403"
    if not declared.opens:
        return "in"
    words: dict[By, None] = {declared.by[each]: None for each in Permission if each in declared.opens & may}
    return " or ".join(by.value for by in words)


def _asks(declared: Declaration) -> bool:
    """Whether it asks who somebody is."""
    return declared.entrance not in (Entrance.OPEN, Entrance.SECRET)


if __name__ == "__main__":
    sys.stdout.write(text())
