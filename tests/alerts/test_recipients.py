"""Who is told of a move, in which words, and who is not and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.notices.notice import Traits
from alerts.notices.recipients import Decision, Telling, telling_of
from alerts.notices.speech import quantity, spoken
from alerts.notices.wording import Move, load_wording
from config.community import Community
from hub.errors import ConfigurationError
from tests.fakes.notices import INCIDENT
from tests.fakes.stories import COMMUNITY, START

NIGHT = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # 02:00 in Shanghai
MAIL = {"id": "mail", "kind": "email", "people": True}


def telling(
    *notifiers: dict[str, Any], contacts: tuple[dict[str, Any], ...] = (), duties: Any = (), **traits: Traits
) -> Telling:
    parts = {"notifiers": list(notifiers), "contacts": list(contacts), "duties": list(duties)}
    community = Community.model_validate({**COMMUNITY.model_dump(mode="json", exclude_unset=True), **parts})
    return telling_of(community, {each["id"]: traits.get(each["id"], Traits()) for each in notifiers})


def move(name: str = "opened", at: datetime = START, who: str = "engine", note: str = "", **body: Any) -> Move:
    return Move(name, at, who, note, {**INCIDENT, **body})


def desk(**parts: Any) -> dict[str, Any]:
    return {"id": "desk", "kind": "webhook", **parts}


def only(found: list[Decision]) -> Decision:
    [decision] = found
    return decision


@pytest.mark.parametrize(
    ("parts", "what", "why"),
    [
        ({}, {}, "notifier"),
        ({"at_least": "red"}, {}, "orange is below red"),
        ({"areas": ["town"]}, {}, "notifier"),
        ({"areas": ["group-1"]}, {"area": "town"}, "not in its areas"),
        ({"areas": ["group-1"]}, {"area": None}, "not in its areas"),
        ({"kinds": ["fire"]}, {}, "notifier"),
        ({"kinds": ["fire.smoke"]}, {}, "notifier"),
        ({"kinds": ["road", "fire.heat"]}, {}, "not of its kinds"),
        ({"hours": {"between": "08:00-20:00"}}, {}, "notifier"),
        ({"hours": {"between": "08:00-20:00"}}, {"at": NIGHT}, "outside its hours"),
        ({"hours": {"between": "08:00-20:00"}}, {"at": NIGHT, "level": "red"}, "outside its hours"),
        ({"quiet": {"between": "21:00-07:00"}}, {"at": NIGHT}, "quiet hours"),
        ({"quiet": {"between": "21:00-07:00"}}, {"at": NIGHT, "level": "red"}, "notifier"),
        ({"quiet": {"calendar": "fair"}}, {}, "quiet hours"),
        ({"moves": ["resolved"]}, {}, "not told of what is opened"),
        ({}, {"name": "accepted"}, "not told of what is accepted"),
        ({}, {"muted": True}, "hidden: muted"),
        ({}, {"display": "shelved"}, "hidden: shelved"),
        ({}, {"display": "shelved", "name": "resolved", "who": "lin"}, "notifier"),
    ],
)
def test_a_notifier_is_told_by_its_filters(parts: dict[str, Any], what: dict[str, Any], why: str) -> None:
    decision = only(telling(desk(**parts)).decide(move(**what)))
    assert (decision.why, decision.told) == (why, why == "notifier")


def test_a_channel_for_programs_is_told_of_every_move() -> None:
    known = telling(desk(), desk=Traits(every_move=True))
    decision = only(known.decide(move("accepted", who="zhao", note="coming")))
    assert (decision.told, decision.title) == (True, "烟感报警 12：accepted")


def test_words_come_in_the_language_of_the_recipient_and_are_cut_for_short_channels() -> None:
    zh = only(telling(desk()).decide(move()))
    assert zh.title == "【橙色】烟感报警：17号"
    assert zh.text == "16:00 17号 厨房烟感。电话核实。事件 12。"
    en = only(telling(desk(language="en")).decide(move()))
    assert en.text == "16:00 Smoke at House 17. Call. Incident 12."
    both = only(telling(desk(language="both")).decide(move()))
    assert both.text == f"{zh.text}\n{en.text}"
    short = only(telling(desk(), desk=Traits(most_text=10)).decide(move()))
    assert (len(short.text), short.text[-1]) == (10, "…")


def test_a_loudspeaker_says_numbers_and_times_plainly_and_only_what_matters_aloud() -> None:
    known = telling(desk(), desk=Traits(audience="speakers"))
    said = only(known.decide(move(text={"zh": "14:02 水位 3.25m，超过 95%，拨打119", "en": ""})))
    assert said.text == "请注意。十七号，十四点零二分 水位 三点二五米，超过 百分之九十五，拨打幺幺九。电话核实。"
    assert not only(known.decide(move("escalated"))).told


def test_the_key_is_the_same_for_the_same_of_the_same_place() -> None:
    known = telling(desk())
    first, again = only(known.decide(move())), only(known.decide(move(id="other", number=13)))
    assert first.key == again.key
    assert only(known.decide(move(level="red"))).key != first.key


def test_who_answers_for_the_place_at_the_level_it_has_reached_is_told() -> None:
    duties = [{"account": "zhao", "area": "group-1"}, {"account": "ma", "area": "town"}]
    contacts = tuple(
        {"account": name, "channels": [{"via": "mail", "address": f"{name}@v.example"}]} for name in ("zhao", "ma")
    )
    known = telling(MAIL, contacts=contacts, duties=duties)
    assert [(each.account, each.address, each.why) for each in known.decide(move())] == [
        ("zhao", "zhao@v.example", "warden")
    ]
    up = known.decide(move("escalated", escalated=3))
    assert [(each.account, each.told) for each in up] == [("ma", True)]


def test_who_is_sent_and_who_reported_it_are_told_but_nobody_of_what_he_did_himself() -> None:
    contacts = tuple(
        {"account": name, "language": "en", "channels": [{"via": "mail", "address": f"{name}@v.example"}]}
        for name in ("zhao", "li")
    )
    known = telling(MAIL, contacts=contacts)
    sent = known.decide(move("dispatched", who="lin", unit="zhao", reporter="li"))
    assert [(each.account, each.why) for each in sent] == [("zhao", "unit"), ("li", "reporter")]
    assert sent[0].title == "Please go: [orange] Smoke detector alarm, House 17"
    soon = known.decide(move("reminded", unit="zhao"))
    assert [(each.account, each.title) for each in soon] == [("zhao", "Soon due: Smoke detector alarm, House 17")]
    done = known.decide(move("resolved", who="zhao", reporter="li", verdict="true"), sent=("zhao",))
    assert [(each.account, each.why) for each in done] == [("li", "reporter")]


def test_a_person_is_told_in_his_hours_and_of_red_at_any_time() -> None:
    duties = [{"account": "zhao", "area": "group-1"}]
    contact = {
        "account": "zhao",
        "channels": [{"via": "mail", "address": "z@v.example"}],
        "hours": {"between": "07:00-21:00"},
        "at_least": "yellow",
    }
    known = telling(MAIL, contacts=(contact,), duties=duties)
    assert only(known.decide(move(at=NIGHT))).why == "outside his hours"
    assert only(known.decide(move(at=NIGHT, level="red"))).told
    assert only(known.decide(move(level="blue"))).why == "blue is below yellow"


def test_a_person_without_a_channel_is_named() -> None:
    known = telling(MAIL, duties=[{"account": "zhao", "area": "group-1"}])
    decision = only(known.decide(move()))
    assert (decision.account, decision.told, decision.why) == ("zhao", False, "has no channel")


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("08:00 有 12005 人", "zh", "八点整 有 一万二千零五 人"),
        ("02:05 -5.5°C", "zh", "两点零五分 零下五点五摄氏度"),
        ("13800138000", "zh", "幺三八零零幺三八零零零"),
        ("（测试）", "zh", "测试"),
        ("14:02 -5°C, 95 %", "en", "2 oh 2 in the afternoon minus 5 degrees, 95 percent"),
    ],
)
def test_speech_is_written_out(text: str, language: str, said: str) -> None:
    assert spoken(text, language) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "零"), (10, "十"), (110, "一百一十"), (1001, "一千零一"), (100_000, "十万")]
)
def test_quantities_are_said_in_chinese(number: int, said: str) -> None:
    assert quantity(number) == said


def test_a_template_that_asks_for_what_is_not_there_stops_the_start(tmp_path: Any) -> None:
    path = tmp_path / "notices.yaml"
    text = "- {moves: [opened], to: [notifiers], title: {zh: '{colour}', en: x}, text: {zh: x, en: x}}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="colour"):
        load_wording(path)
    path.write_text(text.replace("{colour}", "x").replace("opened", "oppened"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="oppened"):
        load_wording(path)
