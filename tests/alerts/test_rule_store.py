"""RuleStore: rules changed while the hub runs, on both databases, and how they go together with their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.language.rule_store import RuleStore
from alerts.language.rulebook import RuleBook
from alerts.store.lists import Repository
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import ConfigurationError, ConflictError, NotFoundError
from hub.store.database import Database
from tests.fakes.stories import moment

DOOR = """\
- rule: door.open
  version: 1
  name: {zh: 门, en: Door}
  raises: {kind: door.left_open, severity: blue}
  for_each: device
  when:
    event: {kind: door, where: {open: true}}
  say: {zh: 门, en: Door}
  do: {zh: 看, en: Look}
"""
LEAK = DOOR.replace("door.open", "leak").replace("door.left_open", "water.leak")


class Shop:
    """A rule folder and the store on it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock, self.folder, self._database = SetClock(moment(0)), folder, database
        self.file = folder / "rules.yaml"
        self.file.write_text(DOOR + LEAK, encoding="utf-8")
        self.store = self.again()

    def again(self, *, shipped: bool = True) -> RuleStore:
        """The store of the next start."""
        self.store = RuleStore(self._database, Bus(), self.clock)
        self.store.start_from(self.folder, shipped=shipped)
        return self.store

    @property
    def moves(self) -> list[tuple[str, str, str]]:
        """The journal of the rules: subject, move and who."""
        found = Repository(self._database).journal_after(0, 100)
        return [(each.subject, each.move, each.who) for each in found if each.topic == "rule"]


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    folder = tmp_path / "rules"
    folder.mkdir()
    return Shop(database, folder)


def level_of(store: RuleStore, rule: str) -> str:
    level = store.get(rule).rule.level
    assert level is not None
    return level.value


def test_a_change_after_which_rules_could_remember_too_much_is_refused(shop: Shop) -> None:
    """By the room's change and by the folder; the rules in force stay."""
    counted = "count: {of: {kind: door}, at_least: 9, within: 1h}"
    counts = DOOR.replace("event: {kind: door, where: {open: true}}", counted)
    shop.store.hold_to(lambda book: "too much" if book.by_id["door.open"].shape_kind == "count" else "")
    changed = counts.replace("version: 1", "version: 2")
    for change in (shop.store.check, lambda rule, text: shop.store.put(rule, text, author="li", reason="")):
        with pytest.raises(ConfigurationError, match="too much"):
            change("door.open", changed)
    shop.file.write_text(changed + LEAK, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="too much"):
        shop.store.reload()
    assert shop.store.get("door.open").revision.version == 1


def test_the_first_start_takes_the_folder_and_tells_nobody(shop: Shop) -> None:
    assert sorted(shop.store.book.by_id) == ["door.open", "leak"]
    found = shop.store.get("door.open")
    assert (found.revision.author, found.revision.text, found.shipped) == ("file", DOOR, True)
    assert shop.moves == []


def test_a_change_is_in_force_stored_and_told_with_who_and_why(shop: Shop) -> None:
    told: list[RuleBook] = []
    shop.store.follow(told.append)
    text = DOOR.replace("blue", "yellow").replace("version: 1", "version: 2")
    shop.store.put("door.open", text, author="lin", reason="too quiet")
    assert level_of(shop.store, "door.open") == "yellow"
    assert [book.by_id["door.open"].version for book in told] == [2]
    assert shop.moves == [("door.open", "changed", "lin")]
    newest, first = shop.store.versions("door.open")
    assert (newest.version, newest.author, newest.reason, newest.text) == (2, "lin", "too quiet", text)
    assert first.text == DOOR


def test_a_version_stands_for_one_content_for_ever(shop: Shop) -> None:
    with pytest.raises(ConflictError, match=r"door.open version 1 stands for other .*; write version: 2"):
        shop.store.put("door.open", DOOR.replace("blue", "red"), author="lin", reason="")
    without = DOOR.replace("blue", "red").replace("  version: 1\n", "")
    assert shop.store.put("door.open", without, author="lin", reason="").revision.version == 2
    assert shop.store.put("door.open", without, author="lin", reason="").revision.version == 2
    assert len(shop.store.versions("door.open")) == 2


def test_what_people_made_of_a_rule_stays_until_its_file_changes(shop: Shop) -> None:
    shop.store.set_state("door.open", "shadow", author="lin", reason="noisy")
    shop.store.set_state("leak", "off", author="lin", reason="")
    shop.again()
    assert [each.revision.state for each in shop.store.rules()] == ["shadow", "off"]
    assert (shop.store.book.off, shop.store.book.by_id["door.open"].shadow) == (("leak",), True)
    changed = DOOR.replace("blue", "orange").replace("version: 1", "version: 2")
    shop.file.write_text(changed + LEAK, encoding="utf-8")
    shop.again()
    assert (level_of(shop.store, "door.open"), shop.store.get("door.open").revision.state) == ("orange", "live")
    assert shop.store.get("leak").revision.state == "off"
    assert shop.moves[-1] == ("door.open", "changed", "file")


def test_a_comment_or_another_layout_in_a_file_is_no_change(shop: Shop) -> None:
    shop.store.set_state("door.open", "off", author="lin", reason="")
    shop.file.write_text("# new\n" + DOOR.replace("blue}", "'blue'}") + LEAK, encoding="utf-8")
    shop.again()
    assert shop.store.get("door.open").revision.state == "off"


def test_a_rule_that_is_gone_from_the_folder_is_removed_and_one_of_peoples_own_is_not(shop: Shop) -> None:
    own = DOOR.replace("door.open", "door.own")
    shop.store.put("", own, author="lin", reason="", new=True)
    shop.file.write_text(LEAK, encoding="utf-8")
    assert sorted(shop.store.reload().by_id) == ["door.own", "leak"]
    assert shop.moves[-1] == ("door.open", "removed", "file")
    shop.file.write_text(DOOR + LEAK, encoding="utf-8")
    assert "door.open" in shop.store.reload().by_id
    assert shop.moves[-1] == ("door.open", "added", "file")


def test_a_file_that_changes_a_rule_without_a_new_version_is_refused_but_the_hub_starts(shop: Shop) -> None:
    shop.file.write_text(DOOR.replace("blue", "red") + LEAK, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="write version: 2"):
        shop.store.reload()
    assert [each.path for each in shop.store.refused] == ["door.open"]
    shop.again()
    assert level_of(shop.store, "door.open") == "blue"
    assert [each.path for each in shop.store.refused] == ["door.open"]
    shop.file.write_text(DOOR + LEAK, encoding="utf-8")
    shop.store.reload()
    assert shop.store.refused == ()


def test_mistakes_are_named_with_their_lines_and_change_nothing(shop: Shop) -> None:
    bad = DOOR.replace("severity: blue", "severity: mauve").replace("device", "devise")
    with pytest.raises(ConfigurationError) as refused:
        shop.store.put("door.open", bad, author="lin", reason="")
    assert [(each.path, each.line) for each in refused.value.mistakes] == [("raises.severity", 4), ("for_each", 5)]
    with pytest.raises(ConfigurationError, match="an id does not change"):
        shop.store.put("leak", DOOR, author="lin", reason="")
    assert shop.moves == []


def test_rules_that_would_mute_each_other_in_a_circle_are_refused(shop: Shop) -> None:
    mutes = "  mutes: [{}]\n  say:"
    shop.store.put(
        "leak",
        LEAK.replace("  say:", mutes.format("door.open")).replace("version: 1", "version: 2"),
        author="lin",
        reason="",
    )
    circle = DOOR.replace("  say:", mutes.format("leak")).replace("version: 1", "version: 2")
    with pytest.raises(ConfigurationError, match="circle"):
        shop.store.put("door.open", circle, author="lin", reason="")


def test_an_earlier_version_comes_back_with_its_content_in_the_state_of_now(shop: Shop) -> None:
    text = DOOR.replace("blue", "yellow").replace("version: 1", "version: 2\n  state: shadow")
    shop.store.put("door.open", text, author="lin", reason="")
    back = shop.store.roll_back("door.open", 1, author="wang", reason="worse")
    assert (back.revision.version, back.revision.state, level_of(shop.store, "door.open")) == (1, "shadow", "blue")
    assert [each.version for each in shop.store.versions("door.open")] == [1, 2, 1]
    with pytest.raises(NotFoundError, match="no version 9"):
        shop.store.roll_back("door.open", 9, author="wang", reason="")


def test_a_shipped_rule_is_switched_off_and_ones_own_is_taken_away(shop: Shop) -> None:
    off = shop.store.remove("door.open", author="lin", reason="")
    assert off is not None
    assert off.revision.state == "off"
    shop.store.put("", DOOR.replace("door.open", "door.own"), author="lin", reason="", new=True)
    assert shop.store.remove("door.own", author="lin", reason="") is None
    with pytest.raises(NotFoundError):
        shop.store.get("door.own")
    version = shop.store.version("door.own", 1)
    assert version is not None
    assert "door.own" in version.text


def test_whoever_comes_second_is_refused(shop: Shop) -> None:
    number = shop.store.get("leak").revision.number
    shop.store.set_state("leak", "off", author="lin", reason="", expected=number)
    with pytest.raises(ConflictError, match="came first"):
        shop.store.set_state("leak", "live", author="wang", reason="", expected=number)


def test_what_was_in_force_at_a_time_is_known(shop: Shop) -> None:
    shop.clock.set(moment(100))
    shop.store.set_state("leak", "off", author="lin", reason="")
    assert [getattr(shop.store.at("leak", moment(at_s)), "state", None) for at_s in (-1, 50, 100)] == [
        None,
        "live",
        "off",
    ]
