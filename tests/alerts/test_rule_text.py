"""Rule texts: a rule taken out of its file as it was written, and changed in one place."""

from __future__ import annotations

import pytest

from alerts.language.rule_text import parse_rule, split_rules
from alerts.language.rulebook import SHIPPED, book_of_texts, load_rules, rule_files
from config.errors import ConfigurationError

FILE = """\
# doors
- rule: door.a
  version: 2     # the second
  state: live    # for now
  name: {zh: 门, en: Door}

# windows
- {rule: window.a, name: Window}
"""


def test_a_file_is_taken_apart_into_its_rules_with_their_comments() -> None:
    door, window = split_rules(FILE)
    assert door.text == "".join(f"{line}\n" for line in FILE.splitlines()[1:5])
    assert (door.id, door.version, door.state) == ("door.a", 2, "live")
    assert (window.text, window.version, window.state) == ("- {rule: window.a, name: Window}\n", 1, "live")


def test_the_shipped_rules_are_the_same_as_files_and_one_by_one() -> None:
    texts = {each.id: each.text for file in rule_files(SHIPPED) for each in split_rules(file.read_text("utf-8"))}
    alone, together = book_of_texts(texts), load_rules(SHIPPED)
    assert [(each.hash, each.around.digest, each.say) for each in alone.rules] == [
        (each.hash, each.around.digest, each.say) for each in together.rules
    ]


def test_state_and_version_are_changed_where_they_stand_and_comments_stay() -> None:
    door, window = split_rules(FILE)
    assert "  state: shadow    # for now" in door.with_state("shadow").text
    assert "  version: 3     # the second" in door.with_version(3).text
    assert door.with_state("off").hash == door.hash != door.with_version(3).hash
    assert door.with_state("off").digest != door.digest
    assert window.with_state("off").body == {"rule": "window.a", "name": "Window", "state": "off"}


def test_layout_and_comments_make_no_other_content() -> None:
    written = parse_rule("# mine\nrule: a\nname: {zh: 门, en: Door}\n")
    same = parse_rule('- rule: a\n  version: 1\n  name:\n    zh: "门"\n    en: Door\n')
    assert (written.hash, written.digest) == (same.hash, same.digest)
    assert written.text == "# mine\n- rule: a\n  name: {zh: 门, en: Door}\n"


@pytest.mark.parametrize("text", ["- rule: a\n- rule: b\n", "just words", "- [1]"])
def test_what_is_not_one_rule_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write one rule"):
        parse_rule(text)
