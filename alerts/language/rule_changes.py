"""Changes of rules: what is checked, what becomes a revision, and how the journal tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.language.rule import Rule
from alerts.language.rule_text import RuleText
from alerts.language.rulebook import RuleBook, book_of_texts
from config.errors import ConfigurationError, Mistake
from config.says import Says, says
from hub.events import time_to_text
from hub.store.rule_revisions import REMOVED, RuleRevision

FILE = "file"
"""The author of a revision that came from the folder."""
SHIPPED_ORIGIN, FOLDER_ORIGIN, API_ORIGIN = "shipped", "folder", "api"


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule that is there.

    Attributes:
        revision: The newest.
        rule: Ready to run, whatever its state.
        body: What is written in it.
        shipped: Whether it came with the program.
    """

    revision: RuleRevision
    rule: Rule
    body: Mapping[str, Any]
    shipped: bool


def revision_of(written: RuleText, *, at: datetime, author: str, reason: str, origin: str = API_ORIGIN) -> RuleRevision:
    """The revision that a text makes, not stored yet."""
    return RuleRevision(
        number=0,
        at=at,
        rule=written.id,
        version=written.version,
        state=written.state,
        hash=written.hash,
        text=written.text,
        origin=origin,
        file_digest=None if origin == API_ORIGIN else written.digest,
        author=author,
        reason=reason,
    )


def check_with(others: Mapping[str, str], written: RuleText) -> RuleBook:
    """All rules with this one; a rule with mistakes is refused, and one that does not fit to the others.

    Raises:
        ConfigurationError: Its own mistakes with their lines; or what it makes wrong elsewhere.
    """
    try:
        return book_of_texts({**others, "body": written.text})
    except ConfigurationError as error:
        mine = tuple(mistake for mistake in error.mistakes if mistake.file == Path("body"))
        raise ConfigurationError(tuple(_without_index(mistake) for mistake in mine or error.mistakes)) from None


def keep_id(rule: str, written: RuleText) -> None:
    """Refuse a change of a rule's id; `rule` is empty for one that is new."""
    if rule and written.id and written.id != rule:
        message = says("the address says {rule}; an id does not change", "地址里是 {rule}；id 不能改", rule=repr(rule))
        raise ConfigurationError((Mistake(Path("body"), "rule", message, line_of(written, "rule")),))


def refuse(words: Says | None, rule: str) -> None:
    """Refuse a change of a rule if there are words that say why."""
    if words:
        raise ConfigurationError((Mistake(None, rule, words),))


def _without_index(mistake: Mistake) -> Mistake:
    """Where it stands in the rule: the text is a list with one item for us alone."""
    return replace(mistake, path=mistake.path.removeprefix("[0]").removeprefix("."))


def other_content(written: RuleText, known: Iterable[RuleRevision]) -> Says | None:
    """What is wrong when a version stands for other content already; None when nothing is."""
    known = list(known)
    if all(each.hash == written.hash for each in known if each.version == written.version):
        return None
    following = max(each.version for each in known) + 1
    return says(
        "{rule} version {version} stands for other content already; write version: {following}",
        "{rule} 第 {version} 版已是别的内容；请写 version: {following}",
        rule=written.id,
        version=written.version,
        following=following,
    )


def file_move(now: RuleRevision, before: RuleRevision | None) -> str:
    """The word in the journal for what a file made of a rule."""
    if before is None or before.state == REMOVED:
        return "added"
    if now.state == REMOVED or now.hash == before.hash:
        return now.state
    return "changed"


def journal_row(revision: RuleRevision, move: str) -> dict[str, Any]:
    """The journal entry of a revision."""
    body: dict[str, Any] = {
        "rule": revision.rule,
        "version": revision.version,
        "state": revision.state,
        "hash": revision.hash,
        "origin": revision.origin,
    }
    return {
        "at": time_to_text(revision.at),
        "topic": "rule",
        "subject": revision.rule,
        "incident": None,
        "move": move,
        "who": revision.author,
        "note": revision.reason,
        "body": body,
    }


def line_of(written: RuleText, key: str) -> int | None:
    """The line of a key of the rule, None when it is not known."""
    lines: Mapping[str, int] = getattr(written.body, "lines", {})
    return lines.get(key)
