"""RuleStore: the rules in force, every accepted form of each, and changing them while the hub runs.

The folder of rule files is the import form. A rule whose content or state changed in its file becomes a new revision
and is in force, whatever was made of it meanwhile; one that did not change leaves what people made of it; one that is
gone from the folder is removed: the newest change wins, rule by rule. An id with its version stands for one content for
ever: the version in an alert says what raised it. A change is checked together with all other rules, stored
with its journal entry in one transaction, then told to those who follow. Safe from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from alerts.language.rule_changes import (
    FILE,
    FOLDER_ORIGIN,
    SHIPPED_ORIGIN,
    StoredRule,
    check_with,
    file_move,
    journal_row,
    keep_id,
    other_content,
    refuse,
    revision_of,
)
from alerts.language.rule_text import RuleText, parse_rule, split_rules
from alerts.language.rulebook import RuleBook, book_of_texts, load_rules, rule_files, rule_of
from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from config.errors import ConfigurationError, Mistake
from config.says import Says
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import ConflictError, NotFoundError
from hub.store.database import Database
from hub.store.rule_revisions import (
    REMOVED,
    RuleRevision,
    add_rule_revisions,
    newest_rule_revisions,
    rule_revision_at,
    rule_revision_of_version,
    rule_revisions_of,
)

logger = logging.getLogger(__name__)


class RuleStore:
    """The rules and their history."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        """Prepare on a started `database`; `start_from` reads the rules."""
        self._database = database
        self._bus = bus
        self._clock = clock
        self._changing = threading.RLock()
        self._rules: dict[str, StoredRule] = {}
        self._book: RuleBook | None = None
        self._folder: tuple[Path, str] | None = None
        self._followers: tuple[Callable[[RuleBook], None], ...] = ()
        self._bound: Callable[[RuleBook], Says | None] = lambda _book: None
        self.refused: tuple[Mistake, ...] = ()
        """What was wrong when the folder was read last; empty when it was taken as it is."""

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        if self._book is None:
            raise ValueError("start_from comes first")
        return self._book

    @property
    def folder(self) -> Path:
        """Where the rule files and their tests are."""
        if self._folder is None:
            raise ValueError("start_from comes first")
        return self._folder[0]

    def start_from(self, folder: Path, *, shipped: bool) -> RuleBook:
        """Take the folder at a start, and put in force what comes of it and of what is stored.

        A file that changed a rule without a new version leaves the stored rule, and the log says so: a hub must start.

        Args:
            folder: Holds the rule files.
            shipped: Whether they are those of the program.

        Raises:
            ConfigurationError: All that is wrong in the files.
        """
        with self._changing:
            self._folder = (folder, SHIPPED_ORIGIN if shipped else FOLDER_ORIGIN)
            fresh = load_rules(folder)
            changed, mistakes = self._changed_in_folder()
            try:
                self._take(changed, reason="file changed", told=bool(self._stored()))
            except ConfigurationError as error:
                mistakes = [*mistakes, *error.mistakes]
                self._run_without(fresh)
            self.refused = tuple(mistakes)
            for mistake in mistakes:
                logger.warning("a rule file was not taken over", extra={"mistake": str(mistake)})
            return self.book

    def look(self) -> RuleBook:
        """Read what is stored, for one who changes nothing; empty when no hub has run on it.

        Raises:
            ConfigurationError: This version of the program does not take it.
        """
        self._take([])
        return self.book

    def reload(self) -> RuleBook:
        """Read the folder again: all of it, or with a mistake nothing.

        Raises:
            ConfigurationError: All that is wrong; the rules in force stay.
        """
        with self._changing:
            try:
                self._read_again()
            except ConfigurationError as error:
                self.refused = error.mistakes
                raise
            self.refused = ()
            return self.book

    def hold_to(self, bound: Callable[[RuleBook], Says | None]) -> None:
        """From now on refuse changes of which `bound(book)` says what is too much; it is empty when nothing is."""
        self._bound = bound

    def follow(self, follower: Callable[[RuleBook], None]) -> Callable[[], None]:
        """Call `follower(book)` after each change, in the thread that made it, until what is returned is called."""
        with self._changing:
            self._followers = (*self._followers, follower)

        def end() -> None:
            with self._changing:
                self._followers = tuple(each for each in self._followers if each is not follower)

        return end

    def rules(self) -> tuple[StoredRule, ...]:
        """All that are there, also those that are off, by id."""
        return tuple(each for _, each in sorted(self._rules.items()))

    def get(self, rule: str) -> StoredRule:
        """One of them.

        Raises:
            NotFoundError: There is none with this id.
        """
        found = self._rules.get(rule)
        if found is None:
            raise NotFoundError(f"no rule {rule!r}")
        return found

    def check(self, rule: str, text: str) -> RuleText:
        """What is written in a changed text of a rule, which is taken by itself and with all others.

        Raises:
            ConfigurationError: All that is wrong in it.
        """
        written = parse_rule(text)
        keep_id(rule, written)
        texts = {each.revision.rule: each.revision.text for each in self.rules() if each.revision.rule != written.id}
        refuse(self._bound(check_with(texts, written)), written.id)
        return written

    def put(
        self, rule: str, text: str, *, author: str, reason: str, expected: int | None = None, new: bool = False
    ) -> StoredRule:
        """Put a rule in force as it is written.

        Without a version it gets the next one. The same content and state as before changes nothing.

        Args:
            rule: Its id; empty takes what is written.
            text: YAML of this rule alone.
            author: Account name.
            reason: Why.
            expected: Number of the revision it was made from; None does not mind what happened meanwhile.
            new: There must be no such rule yet.

        Raises:
            ConfigurationError: All that is wrong in it.
            ConflictError: Another revision came first, or this version stands for other content.
        """
        with self._changing:
            written = self.check(rule, text)
            before = self._rules.get(written.id)
            if new and before is not None:
                raise ConflictError(f"there is a rule {written.id!r} already")
            if not new and before is None:
                raise NotFoundError(f"no rule {written.id!r}")
            self._expect(before, expected)
            known = self.versions(written.id)
            if "version" not in written.body and known:
                same = written if before is None else written.with_version(before.revision.version)
                if before is None or same.hash != before.revision.hash:
                    same = written.with_version(max(each.version for each in known) + 1)
                written = same
            if message := other_content(written, known):
                raise ConflictError(message)
            if before is not None and written.digest == parse_rule(before.revision.text).digest:
                return before
            self._take(
                [revision_of(written, at=self._clock.now(), author=author, reason=reason)],
                move="added" if new else "changed",
            )
            return self.get(written.id)

    def set_state(self, rule: str, state: str, *, author: str, reason: str, expected: int | None = None) -> StoredRule:
        """Make a rule live, shadow or off; its content and version stay.

        Raises:
            NotFoundError: There is none with this id.
            ConfigurationError: It does not fit to the others in that state.
            ConflictError: Another revision came first.
        """
        with self._changing:
            before = self.get(rule)
            self._expect(before, expected)
            if before.revision.state == state:
                return before
            written = parse_rule(before.revision.text).with_state(state)
            self._take([revision_of(written, at=self._clock.now(), author=author, reason=reason)], move=state)
            return self.get(rule)

    def remove(self, rule: str, *, author: str, reason: str, expected: int | None = None) -> StoredRule | None:
        """Switch a shipped rule off, or take one's own away; what it was stays known.

        Raises:
            NotFoundError, ConfigurationError, ConflictError: As `set_state`.
        """
        with self._changing:
            before = self.get(rule)
            if before.shipped:
                return self.set_state(rule, "off", author=author, reason=reason, expected=expected)
            self._expect(before, expected)
            gone = replace(
                revision_of(parse_rule(before.revision.text), at=self._clock.now(), author=author, reason=reason),
                state=REMOVED,
            )
            self._take([gone], move=REMOVED)
            return None

    def roll_back(
        self, rule: str, version: int, *, author: str, reason: str, expected: int | None = None
    ) -> StoredRule:
        """Put an earlier version in force again, in the state that the rule has now.

        Raises:
            NotFoundError: There is no such rule or version.
            ConfigurationError: This program or the other rules do not take it any more.
            ConflictError: Another revision came first.
        """
        with self._changing:
            before = self.get(rule)
            self._expect(before, expected)
            found = self.version(rule, version)
            if found is None:
                raise NotFoundError(f"no version {version} of rule {rule!r}")
            if found.hash == before.revision.hash:
                return before
            written = parse_rule(found.text).with_state(before.revision.state)
            self._take([revision_of(written, at=self._clock.now(), author=author, reason=reason)], move="rolled_back")
            return self.get(rule)

    def versions(self, rule: str) -> list[RuleRevision]:
        """Every accepted form of a rule, newest first; none when there never was such a rule."""
        with self._database.read() as connection:
            return rule_revisions_of(connection, rule)

    def version(self, rule: str, version: int) -> RuleRevision | None:
        """What a version of a rule was, also of one that is there no more."""
        with self._database.read() as connection:
            return rule_revision_of_version(connection, rule, version)

    def at(self, rule: str, at: datetime) -> RuleRevision | None:
        """What was in force at a time, None before the first."""
        with self._database.read() as connection:
            return rule_revision_at(connection, rule, at)

    def _stored(self) -> dict[str, RuleRevision]:
        with self._database.read() as connection:
            return newest_rule_revisions(connection)

    def _read_again(self) -> None:
        load_rules(self.folder)
        changed, mistakes = self._changed_in_folder()
        if mistakes:
            raise ConfigurationError(tuple(mistakes))
        self._take(changed, reason="file changed", told=True)

    def _changed_in_folder(self) -> tuple[list[RuleRevision], list[Mistake]]:
        """What the folder says otherwise than when it was last read; and what of it cannot be."""
        assert self._folder is not None
        folder, origin = self._folder
        with self._database.read() as connection:
            known = newest_rule_revisions(connection, from_file=True)
            ever = set(newest_rule_revisions(connection))
        changed: list[RuleRevision] = []
        wrong: list[Mistake] = []
        there = set()
        for file in rule_files(folder):
            for written in split_rules(file.read_text(encoding="utf-8-sig")):
                there.add(written.id)
                last = known.get(written.id)
                if last is not None and last.state != REMOVED and last.file_digest == written.digest:
                    continue
                if message := other_content(written, self.versions(written.id) if written.id in ever else []):
                    wrong.append(Mistake(file, written.id, message))
                    continue
                changed.append(revision_of(written, at=self._clock.now(), author=FILE, reason="", origin=origin))
        for rule, last in known.items():
            if rule not in there and last.state != REMOVED:
                changed.append(replace(last, number=0, at=self._clock.now(), state=REMOVED, author=FILE))
        return changed, wrong

    def _take(self, changed: Sequence[RuleRevision], *, move: str = "", reason: str = "", told: bool = True) -> None:
        """Check revisions together with all other rules, store them, and put them in force.

        Args:
            changed: Not stored yet.
            move: The word in the journal; empty for what comes from files.
            reason: Of those from files.
            told: Whether the journal has entries of them.
        """
        if reason:
            changed = [replace(each, reason=reason) for each in changed]
        stored = self._stored()
        wanted = {**stored, **{each.rule: each for each in changed}}
        book = book_of_texts({each.rule: each.text for each in wanted.values() if each.state != REMOVED})
        if changed:
            refuse(self._bound(book), changed[0].rule)
            entries = [journal_row(each, move or file_move(each, stored.get(each.rule))) for each in changed]

            def work(connection: Connection) -> tuple[int, list[int]]:
                numbers = add_rule_revisions(connection, changed)
                for entry, number in zip(entries, numbers, strict=True):
                    entry["body"]["revision"] = number
                return write_journal(connection, entries if told else ()), numbers

            def tell(done: tuple[int, list[int]]) -> None:
                self._bus.announce(Topic.JOURNAL, done[0])

            _, numbers = self._database.write(work, after_commit=tell)
            for each, number in zip(changed, numbers, strict=True):
                wanted[each.rule] = replace(each, number=number)
                extra = {"rule": each.rule, "version": each.version, "state": each.state, "author": each.author}
                logger.info("rule changed", extra=extra) if told else None
        self._put_in_force(book, wanted.values())

    def _put_in_force(self, book: RuleBook, revisions: Iterable[RuleRevision]) -> None:
        with self._database.read() as connection:
            from_file = newest_rule_revisions(connection, from_file=True)
        rules = {}
        for each in revisions:
            if each.state != REMOVED:
                known = self._rules.get(each.rule)
                if known is not None and known.revision.number == each.number:
                    rules[each.rule] = known
                    continue
                written = parse_rule(each.text)
                file = from_file.get(each.rule)
                rules[each.rule] = StoredRule(
                    revision=each,
                    rule=rule_of({**written.body, "state": "live" if each.state == "off" else each.state}),
                    body=written.body,
                    shipped=file is not None and file.origin == SHIPPED_ORIGIN,
                )
        self._rules, self._book = rules, book
        for follower in self._followers:
            try:
                follower(book)
            except Exception:  # the revision stands; one part that cannot follow must not keep the others back
                logger.exception("a part did not follow a change of the rules")

    def _run_without(self, fresh: RuleBook) -> None:
        """Run what is stored without what the folder changed; and if even that is refused, the folder alone."""
        try:
            self._take([])
        except ConfigurationError:
            logger.exception("stored rules cannot be used any more, running those of the folder")
            self._put_in_force(fresh, [each for rule, each in self._stored().items() if rule in fresh.by_id])

    @staticmethod
    def _expect(before: StoredRule | None, expected: int | None) -> None:
        if before is not None and expected is not None and before.revision.number != expected:
            raise ConflictError(f"revision {before.revision.number} came first; this was made from {expected}")
