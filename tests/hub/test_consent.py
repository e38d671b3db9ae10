"""What households decide binds cameras, recordings and the room, whatever the decisions are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.analysing import Analyse
from config.community import Camera, Community, Detector, Level, Name, Ring, Site, Stream
from config.recording import Policy
from hub.access import Role
from hub.consent import (
    BEFORE,
    EVER,
    EVERYTHING,
    NOTHING,
    SAFETY_KINDS,
    Consent,
    Incident,
    Watch,
    Watching,
    addresses_of,
    decision_of,
    effective,
    is_told,
    report_opens,
    room_may_watch,
)
from hub.events import Event, Phase

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SITES = (
    Site(id="home-1", name=Name(zh="Home 1", en="Home 1")),
    Site(id="home-2", name=Name(zh="Home 2", en="Home 2")),
    Site(id="crossing", name=Name(zh="Crossing", en="Crossing"), ring=Ring.ROAD),
)
MOMENTS = st.integers(0, 300_000_000).map(lambda seconds: NOW - timedelta(seconds=seconds))


def camera(number: int, site: str, **more: object) -> Camera:
    detectors = (Detector(kind="objects"), Detector(kind="fire"), Detector(kind="plates"))
    stream = Stream(url=f"rtsp://192.0.2.{number}/main")
    return Camera.model_validate({"id": f"cam-{number}", "site": site, "main": stream, "detectors": detectors, **more})


COMMUNITY = Community(sites=SITES, cameras=(camera(1, "home-1"), camera(2, "home-2"), camera(3, "crossing")))

decisions = st.builds(
    Consent,
    camera=st.sampled_from(["cam-1", "cam-2", "cam-3"]),
    site=st.sampled_from(["home-1", "home-2", "crossing", "gone"]),
    analyse=st.sampled_from(Analyse),
    watch=st.sampled_from(Watch),
    keep_days=st.none() | st.integers(0, 3650),
)
decided = st.lists(decisions, max_size=6).map(lambda each: {(one.camera, one.site): one for one in each})
claims = st.frozensets(st.sampled_from(["home-1", "home-2", "crossing"]))
incidents = st.lists(
    st.builds(
        Incident,
        sites=st.frozensets(st.sampled_from(["home-1", "home-2", "crossing"])),
        cameras=st.frozensets(st.sampled_from(["cam-1", "cam-2"])),
        began=MOMENTS,
        reporter=st.none() | st.sampled_from(["lin", "wang"]),
    ),
    max_size=4,
)


@given(decided, claims)
def test_nothing_goes_beyond_the_settings_and_the_household(
    consents: dict[tuple[str, str], Consent], claimed: frozenset[str]
) -> None:
    order = list(Analyse)
    there = effective(COMMUNITY, consents, claimed)
    for before, after in zip(COMMUNITY.cameras, there.cameras, strict=True):
        decision = decision_of(COMMUNITY, before.id, before.site, consents=consents, claimed=claimed)
        policy, usual = there.policy_of(after), COMMUNITY.policy_of(before)
        assert order.index(after.analyse) <= order.index(before.analyse)
        assert policy.keep_days <= usual.keep_days
        assert policy.keep_events_days <= usual.keep_events_days
        if decision is None:
            assert after is before
            continue
        assert order.index(after.analyse) <= order.index(decision.analyse)
        if decision.keep_days is not None:
            assert max(policy.keep_days, policy.keep_events_days) <= max(decision.keep_days, 1 / 24)
            assert bool(policy.streams) == (decision.keep_days > 0)
        if after.analyse is Analyse.NOTHING:
            assert not after.detectors
            assert not after.behaviours
        if after.analyse is not Analyse.ALL:
            assert "plates" not in {each.kind for each in after.detectors}
            assert there.plates_for(after) == ()


@given(decided, claims, decisions)
def test_one_decision_touches_one_camera(
    consents: dict[tuple[str, str], Consent], claimed: frozenset[str], new: Consent
) -> None:
    before = effective(COMMUNITY, consents, claimed)
    after = effective(COMMUNITY, {**consents, (new.camera, new.site): new}, claimed)
    for was, became in zip(before.cameras, after.cameras, strict=True):
        assert was == became or was.id == new.camera


@given(decided, claims)
def test_what_follows_is_the_same_when_asked_again(
    consents: dict[tuple[str, str], Consent], claimed: frozenset[str]
) -> None:
    there = effective(COMMUNITY, consents, claimed)
    assert effective(there, consents, claimed).cameras == there.cameras
    assert there.model_copy(update={"cameras": COMMUNITY.cameras}) == COMMUNITY


@given(decisions, incidents, st.none() | MOMENTS)
def test_the_room_sees_no_more_than_was_agreed(
    decision: Consent, open_incidents: list[Incident], broken: datetime | None
) -> None:
    seen = room_may_watch(decision, who="lin", open_incidents=open_incidents, broken=broken)
    theirs = [each for each in open_incidents if each.reporter != "lin"]
    here = [each for each in theirs if decision.site in each.sites or decision.camera in each.cameras]
    assert seen.live == (seen.since is not None)
    if decision.watch is Watch.ALWAYS:
        assert seen == EVERYTHING
    elif decision.watch is Watch.NEVER:
        assert seen == (NOTHING if broken is None else Watching(live=True, since=broken - BEFORE))
    else:
        began = [each.began for each in here] + ([] if broken is None else [broken])
        assert seen == (Watching(live=True, since=min(began) - BEFORE) if began else NOTHING)


@given(decisions, incidents, incidents)
def test_no_incident_takes_anything_from_sight_and_none_elsewhere_adds(
    decision: Consent, some: list[Incident], more: list[Incident]
) -> None:
    fewer, all_of_them = (
        room_may_watch(decision, who="lin", open_incidents=some),
        room_may_watch(decision, who="lin", open_incidents=[*some, *more]),
    )
    assert fewer.joined(all_of_them) == all_of_them
    elsewhere = [Incident(frozenset({"crossing"}), frozenset({"cam-9"}), each.began) for each in more]
    if decision.site != "crossing":
        assert room_may_watch(decision, who="lin", open_incidents=[*some, *elsewhere]) == fewer


@given(decisions, incidents, st.sampled_from(["lin", "wang", "zhou"]))
def test_nobody_opens_a_household_for_himself_by_a_report(
    decision: Consent, open_incidents: list[Incident], who: str
) -> None:
    others = [each for each in open_incidents if each.reporter != who]
    seen = room_may_watch(decision, who=who, open_incidents=open_incidents)
    assert seen == room_may_watch(decision, who=who, open_incidents=others)


@given(
    st.sampled_from([*Role, "of tomorrow"]),
    st.sampled_from([Level.NOTICE, Level.SERIOUS]),
    st.frozensets(st.sampled_from(["lin", "wang"])),
)
def test_a_report_of_an_office_opens_nothing_unless_he_lives_there_and_a_request_opens_nothing(
    role: str, told: Level, residents: frozenset[str]
) -> None:
    opens = report_opens(role, "lin", is_request=told is Level.NOTICE, residents=residents)
    sees_it_himself = role in (Role.RESIDENT, Role.RESPONDER) or "lin" in residents
    assert opens == (sees_it_himself and told is Level.SERIOUS)


def test_a_household_is_asked_and_nobody_else() -> None:
    def of(camera_id: str, site: str, *claimed: str, **consents: Consent) -> Consent | None:
        known = {(each.camera, each.site): each for each in consents.values()}
        return decision_of(COMMUNITY, camera_id, site, consents=known, claimed=claimed)

    assert of("cam-1", "home-1") is None, "nobody lives there by account"
    assert of("cam-3", "crossing", "crossing") is None, "a road is nobody's home"
    undecided = of("cam-1", "home-1", "home-1")
    assert undecided is not None
    assert (undecided.analyse, undecided.watch, undecided.keep_days) == (Analyse.SAFETY, Watch.NEVER, None)
    free = Consent("cam-1", "home-1", Analyse.ALL, Watch.ALWAYS, version=1)
    assert of("cam-1", "home-1", "home-1", free=free) is free
    assert of("cam-1", "home-2", "home-2", free=free) == Consent("cam-1", "home-2"), "it moved to others"


def test_taking_away_the_account_of_a_resident_opens_nothing() -> None:
    shut = Consent("cam-1", "home-1", Analyse.NOTHING, Watch.NEVER, version=1)
    assert decision_of(COMMUNITY, "cam-1", "home-1", consents={("cam-1", "home-1"): shut}, claimed=()) is shut
    road = tuple(site.model_copy(update={"ring": Ring.ROAD}) for site in SITES)
    renamed = COMMUNITY.model_copy(update={"sites": road})
    assert decision_of(renamed, "cam-1", "home-1", consents={("cam-1", "home-1"): shut}, claimed=()) is shut


def test_days_kept_bound_what_shows_an_incident_too_and_leave_the_rest_of_the_policy() -> None:
    there = COMMUNITY.model_copy(update={"cameras": (camera(1, "home-1", record=Policy(keep_days=10, most_gb=5)),)})
    held = effective(there, {("cam-1", "home-1"): Consent("cam-1", "home-1", keep_days=3)}, ())
    policy = held.policy_of(held.cameras[0])
    assert (policy.keep_days, policy.keep_events_days, policy.most_gb) == (3, 3, 5)
    more = effective(there, {("cam-1", "home-1"): Consent("cam-1", "home-1", keep_days=60)}, ())
    policy = more.policy_of(more.cameras[0])
    assert (policy.keep_days, policy.keep_events_days) == (10, 60)


def event(kind: str, phase: Phase = Phase.BEGAN) -> Event:
    return Event(id="e", kind=kind, at=NOW, arrived=NOW, source="cam-1", driver="t", camera="cam-1", phase=phase)


@pytest.mark.parametrize(
    "kind", ["camera.person", "camera.people", "camera.plate", "camera.crossing", "camera.climbing", "camera.mover"]
)
@pytest.mark.parametrize("phase", [Phase.BEGAN, Phase.GOES_ON, Phase.MOMENT, Phase.ENDED])
def test_safety_tells_nothing_of_who_is_there_not_even_that_they_left(kind: str, phase: Phase) -> None:
    assert is_told(Analyse.ALL, event(kind, phase))
    assert not is_told(Analyse.SAFETY, event(kind, phase))
    assert not is_told(Analyse.NOTHING, event(kind, phase))


@pytest.mark.parametrize("kind", sorted(SAFETY_KINDS))
def test_safety_tells_what_saves_lives_and_nothing_tells_only_how_the_camera_does(kind: str) -> None:
    assert is_told(Analyse.SAFETY, event(kind))
    assert is_told(Analyse.NOTHING, event(kind)) == (kind in ("camera.health", "camera.recording"))


def test_what_sensors_say_is_told_whatever_cameras_may() -> None:
    assert all(is_told(analyse, event("smoke")) for analyse in Analyse)


def test_what_is_seen_all_along_is_seen_at_every_moment() -> None:
    assert EVERYTHING.shows(EVER)
    assert not NOTHING.shows(NOW)
    some = Watching(live=True, since=NOW)
    assert some.shows(NOW)
    assert not some.shows(NOW - timedelta(seconds=1))


@given(decided, claims, st.sampled_from(["rtsp", "rtsps", "http"]), st.sampled_from(["", ":8554"]))
def test_another_entry_for_a_camera_shows_no_more_than_its_household(
    consents: dict[tuple[str, str], Consent], claimed: frozenset[str], scheme: str, port: str
) -> None:
    clone = camera(9, "crossing", main=Stream(url=f"{scheme}://192.0.2.1{port}/main?x=1"))
    there = COMMUNITY.model_copy(update={"cameras": (*COMMUNITY.cameras, clone)})
    home = decision_of(there, "cam-1", "home-1", consents=consents, claimed=claimed)
    found = decision_of(there, "cam-9", "crossing", consents=consents, claimed=claimed)
    if home is not None and ("cam-9", "crossing") not in consents:
        assert found is not None
        assert list(Watch).index(found.watch) <= list(Watch).index(home.watch)
        assert found.analyse is found.analyse.at_most(home.analyse)


@given(decided, st.sampled_from(["cam-1", "other"]))
def test_a_camera_that_was_taken_out_of_a_home_stays_as_decided_there(
    consents: dict[tuple[str, str], Consent], name: str
) -> None:
    held = {("cam-1", "home-1"): addresses_of(COMMUNITY.cameras[0])}
    home = consents.get(("cam-1", "home-1"), Consent("cam-1", "home-1"))
    moved = camera(1, "crossing").model_copy(update={"id": name})
    there = COMMUNITY.model_copy(update={"cameras": (moved, *COMMUNITY.cameras[1:])})
    consents = {key: each for key, each in consents.items() if key != (moved.id, "crossing")}
    found = decision_of(there, moved.id, "crossing", consents=consents, claimed=(), held=held)
    assert found is not None
    assert list(Watch).index(found.watch) <= list(Watch).index(home.watch)
    road = tuple(each.model_copy(update={"ring": Ring.ROAD}) for each in SITES)
    called = COMMUNITY.model_copy(update={"sites": road})
    same = decision_of(called, "cam-1", "home-1", consents=consents, claimed=(), held=held)
    assert same is not None
    assert same.watch is home.watch


def test_cameras_of_one_recorder_are_told_apart_by_what_is_asked_for() -> None:
    """Many recorders have one path for all their cameras; a word more in the query hides none of them."""

    def channel(number: int, more: str = "") -> Stream:
        return Stream(url=f"rtsp://192.0.2.9/cam/realmonitor?channel={number}&subtype=0{more}")

    at_home = camera(1, "home-1", main=channel(1))
    road, clone = camera(8, "crossing", main=channel(2)), camera(9, "crossing", main=channel(1, "&x=1"))
    there = COMMUNITY.model_copy(update={"cameras": (at_home, road, clone)})
    assert decision_of(there, "cam-8", "crossing", consents={}, claimed={"home-1"}) is None
    found = decision_of(there, "cam-9", "crossing", consents={}, claimed={"home-1"})
    assert found is not None
    assert found.watch is Watch.NEVER
