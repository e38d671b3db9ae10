"""Two incidents that are one, and one that is two, through the store."""

from __future__ import annotations

import pytest

from alerts.errors import MovedMeanwhileError
from alerts.incidents.incident import Handling, Verdict
from alerts.incidents.joining import merge, split
from config.community import Level
from hub.errors import NotAllowedError, NotFoundError
from tests.alerts.conftest import Room
from tests.fakes.people import LIN, WANG, ZHAO
from tests.fakes.stories import event


def smoke(at_s: float, site: str, *, alarm: bool = True) -> object:
    return event("smoke", at_s, site=site, source=f"{site}-smoke", fields={"alarm": alarm})


def leak(at_s: float, site: str = "hh-017") -> object:
    return event("water_leak", at_s, site=site, source=f"{site}-leak", fields={"leak": True})


def test_what_is_merged_goes_on_in_the_other_with_its_alerts(room: Room) -> None:
    room.happens(smoke(0, "hh-017"), smoke(5, "junction-3"))
    second, first = room.incidents
    room.handling.acknowledge(first.id, LIN)
    joined = merge(room.handling, second.id, LIN, into=first.id, note="one fire, seen from two sides")
    assert [alert.site for alert in joined.alerts] == ["hh-017", "junction-3"], "first-out comes first"
    assert (joined.handling, joined.number) == (Handling.SEEN, first.number)
    ended = room.repository.incident(second.id)
    assert (ended.handling, ended.verdict, ended.merged_into) == (Handling.CLOSED, Verdict.DUPLICATE, first.id)
    assert ended.alerts == ()
    room.happens(smoke(60, "junction-3", alarm=False), smoke(61, "hh-017", alarm=False))
    assert room.repository.incident(first.id).active is False


def test_what_comes_to_it_graver_has_to_be_seen_again(room: Room) -> None:
    room.happens(leak(0), event("sos", 30, source="button-1", fields={"pressed": True}))
    [graver, lesser] = room.incidents if room.incidents[0].level is Level.CRITICAL else reversed(room.incidents)
    if lesser.handling is Handling.NEW:
        room.handling.acknowledge(lesser.id, LIN)
    joined = merge(room.handling, graver.id, LIN, into=lesser.id)
    assert (joined.handling, joined.level) == (Handling.NEW, Level.CRITICAL)


def test_an_incident_is_merged_only_into_another_that_is_open(room: Room) -> None:
    room.happens(smoke(0, "hh-017"), smoke(5, "junction-3"))
    second, first = room.incidents
    with pytest.raises(NotAllowedError, match="into itself"):
        merge(room.handling, first.id, LIN, into=first.id)
    with pytest.raises(NotFoundError):
        merge(room.handling, first.id, LIN, into="nothing")
    with pytest.raises(NotAllowedError, match="may not merge"):
        merge(room.handling, first.id, ZHAO, into=second.id)
    merge(room.handling, second.id, LIN, into=first.id)
    with pytest.raises(NotAllowedError, match="is closed"):
        merge(room.handling, first.id, LIN, into=second.id)
    assert room.repository.incident(first.id).handling is Handling.NEW, "a refused move changes nothing"
    with pytest.raises(MovedMeanwhileError, match="merged by lin"):
        merge(room.handling, second.id, WANG, into=first.id)


def test_alerts_that_are_another_happening_get_an_incident_of_their_own(room: Room) -> None:
    room.happens(
        event("smoke", 0, source="kitchen", fields={"alarm": True}),
        event("heat", 30, source="attic", fields={"alarm": True}),
    )
    both = next(each for each in room.incidents if len(each.alerts) > 1)
    going = both.alerts[1].id
    with pytest.raises(NotAllowedError, match="has to stay"):
        split(room.handling, both.id, LIN, alerts=[alert.id for alert in both.alerts])
    with pytest.raises(NotAllowedError, match="name alerts of incident"):
        split(room.handling, both.id, LIN, alerts=["stranger"])
    new = split(room.handling, both.id, LIN, alerts=[going], note="the attic is another matter")
    assert [alert.id for alert in new.alerts] == [going]
    assert (new.handling, new.number) == (Handling.SEEN, max(each.number for each in room.incidents))
    assert going not in {alert.id for alert in room.repository.incident(both.id).alerts}
    room.handling.resolve(new.id, LIN, "nuisance", cause="device_fault")
    room.runs()
    assert room.repository.incident(both.id).handling is Handling.NEW
