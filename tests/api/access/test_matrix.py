"""The matrix: every route, called by everybody, for what is his own, granted, another's and not there at all.

What is expected follows from the declarations and from who is for what in the world of these tests, and from nothing of
the code that answers. What is not for somebody is answered as what is not there, to the byte, and no answer has a trace
of it. `python -m pytest tests/api/access/test_matrix.py -q` says how many cells there were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.access.declaration import By, Declaration, Entrance, Keys, Kind
from api.access.declared import DECLARED
from api.recordings.links import holder_of, links_of
from api.recordings.live_desk import PLAYLIST_LINK_S
from cameras.live import playlists
from hub.access import Permission, Role, permissions
from tests.api.access.calls import answers_of, call_of
from tests.api.access.world import NOT_THERE, Asker, Thing, World, make_world

ROOM = {Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OPERATOR}
LET_IN = frozenset({0})
"""Expected: whatever the route answers to whoever may call it."""
SHUT = ("nobody", "forged", "expired", "disabled", "gone")
OWN_ANSWERS = frozenset({"GET /api/v1/feed"})
"""Routes that never end; a test below looks at each."""
OF_ONESELF = frozenset({"/api/v1/me/data"})
"""What somebody did himself stands there, also what he asked for in vain, in his own words."""
_TIMES = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.+Z]+")
_LENGTHS = ("content-length", "etag", "date")
CELLS: Counter[str] = Counter()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    # The cameras here send nothing, and nobody needs to wait for that, nor for the process that would try them.
    patch = pytest.MonkeyPatch()
    patch.setattr(playlists, "_FIRST_WITHIN_S", 0.05)
    made = make_world(tmp_path_factory.mktemp("hub") / "data")
    patch.setattr(made.room.hub.parts.onboarding.setting_up, "_command", ("false",))
    yield made
    made.close()
    patch.undo()


def expected(declared: Declaration, asker: Asker, thing: Thing | None) -> frozenset[int]:
    """What a cell answers: `LET_IN`, or one of 401, 403 and 404."""
    if declared.entrance in (Entrance.OPEN, Entrance.SECRET):
        return LET_IN
    if asker.who is None:
        return frozenset({401})
    may = permissions(asker.who)
    if (asker.who.key is not None and declared.keys is Keys.NONE) or not declared.lets(may):
        return frozenset({403})
    if not declared.opens:
        return frozenset({404}) if thing is not None and not thing.exists else LET_IN
    having = [(each, declared.by[each]) for each in sorted(declared.opens & may)]
    shared = [by for _, by in having if by in (By.WHOLE, By.DUTY)]
    if any(_holds(permission, by, asker, thing) for permission, by in having):
        return frozenset({404}) if thing is not None and not thing.exists and not _by_name(declared) else LET_IN
    return frozenset({403}) if len(shared) == len(having) else frozenset({404})


def _holds(permission: Permission, by: By, asker: Asker, thing: Thing | None) -> bool:  # noqa: PLR0911 - a table
    """Whether somebody gets as far as the thing by a permission that he has."""
    assert asker.who is not None
    if by is By.WHOLE:
        return asker.side is None
    if by is By.DUTY:
        return asker.who.role in ROOM
    if by is By.ANY or thing is None or not thing.exists:
        return True
    if by is By.HOME:
        return asker.name in thing.home
    if by is By.SENT:
        return asker.name in thing.sent
    if by is By.OWN:
        in_room = Permission.VIEW_REPORTS in permissions(asker.who) and _reaches(asker, thing)
        return asker.name in thing.owners or in_room
    if permission in (Permission.VIEW_PICTURES, Permission.MOVE_CAMERAS) and thing.home:
        return False  # who lives there by account has not decided, so the room sees nothing, and turns nothing
    return _reaches(asker, thing)


def _reaches(asker: Asker, thing: Thing) -> bool:
    return asker.side is None or asker.side == thing.side


def _by_name(declared: Declaration) -> bool:
    """Whether nothing that may stand in its path is missing.

    Anybody may have points, or none; and a version that nobody has is refused before it is looked what is put back.
    """
    return declared.path.endswith(("/points/{account}", "/restore"))


def _address(declared: Declaration, thing: Thing | None) -> str:
    params = {} if thing is None else dict(thing.params)
    if "{folder}" in declared.path:
        params["name"] = params.get("clip", NOT_THERE)
    return re.sub(r"\{(\w+)\}", lambda match: params.get(match[1], NOT_THERE), declared.path)


def _send(world: World, declared: Declaration, asker: Asker, thing: Thing | None, **query: str) -> httpx.Response:
    began = world.began
    params = {"began": began.isoformat(), "ended": (began + timedelta(seconds=5)).isoformat()}
    params["soon"] = (world.room.hub.parts.clock.now() + timedelta(minutes=10)).isoformat()
    params |= {} if thing is None else dict(thing.params)
    params = {**dict.fromkeys(re.findall(r"\{(\w+)\}", declared.path), NOT_THERE), **params}
    call = call_of(declared.method, declared.path, params)
    call["params"] = {**call.get("params", {}), **query}
    return world.ask(declared.method, _address(declared, thing), asker, **call)


def _bare(answer: httpx.Response, thing: Thing) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """An answer without the ids that were asked for, times, and what follows from their length."""
    body = answer.content
    for value in {*thing.params.values(), NOT_THERE}:
        body = body.replace(value.encode(), b"*")
    headers = tuple((name, value) for name, value in answer.headers.items() if name not in _LENGTHS)
    return answer.status_code, _TIMES.sub(b"*", body), headers


def _fits(declared: Declaration, answer: httpx.Response, wanted: frozenset[int]) -> bool:
    if wanted is LET_IN:
        return answer.status_code in answers_of(declared.method, declared.path)
    return answer.status_code in wanted


LINKS = {
    "recordings.m3u8": "playback",
    "recordings/{segment_id}.mp4": "playback",
    "clip.mp4": "clip",
    "still.jpg": "still",
}


@pytest.mark.parametrize(
    "declared",
    [each for each in DECLARED if each.entrance in (Entrance.LINK, Entrance.ONLY_LINK)],
    ids=lambda each: f"{each.method} {each.path}",
)
def test_a_link_opens_no_more_than_whoever_it_was_made_for_may_see(world: World, declared: Declaration) -> None:
    """A link that the hub signed, for something that its holder may not see (any more), opens nothing."""
    here, wrong = world.room.hub.parts, []
    world.sign_in_again()
    ends = world.began + timedelta(seconds=5)
    for asker in (each for each in world.askers.values() if each.who is not None and each.who.key is None):
        holder = holder_of(here, asker.who)
        for thing in world.things[declared.kind]:
            about = next(iter(thing.params.values()), NOT_THERE)
            if declared.kind is Kind.INCIDENT:
                link = links_of(here).issue(holder, "evidence", about, lives_s=60)
            elif "/live" in declared.path:
                link = links_of(here).issue(holder, "live", about, lives_s=PLAYLIST_LINK_S)
            else:
                what: Any = next(what for end, what in LINKS.items() if declared.path.endswith(end))
                link = links_of(here).issue(holder, what, about, start=world.began, end=ends, stream="main", lives_s=60)
            CELLS["link"] += 1
            wanted = expected(declared, asker, thing)
            if declared.method == "WEBSOCKET":
                got = world.knock(_address(declared, thing), f"link={link}")
                fine = got in ({101, 503} if wanted is LET_IN else wanted)
            else:
                call: dict[str, Any] = {"params": {"link": link}}
                answer = world.ask(declared.method, _address(declared, thing), world.askers["nobody"], **call)
                got = answer.status_code
                through = {200} if "recordings/{" in declared.path else answers_of(declared.method, declared.path)
                fine = got in (through if wanted is LET_IN else wanted)
            if not fine:
                wrong.append(f"{asker.name} {about}: {got}, not {sorted(wanted)}")
    for nobody in SHUT:
        if declared.method == "WEBSOCKET":
            continue
        answer = _send(world, declared, world.askers[nobody], world.things[declared.kind][0], link="forged")
        if answer.status_code != 401:
            wrong.append(f"{nobody} with a forged link: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "declared",
    [each for each in DECLARED if each.method != "WEBSOCKET" and f"{each.method} {each.path}" not in OWN_ANSWERS],
    ids=lambda each: f"{each.method} {each.path}",
)
def test_every_cell_answers_as_declared(world: World, declared: Declaration) -> None:
    wrong: list[str] = []
    world.sign_in_again()
    things: list[Thing | None] = list(world.things[declared.kind]) if declared.names_object else [None]
    # What a kind has nothing of here is asked for as what is not there.
    missing = things[-1]
    for asker in world.askers.values():
        refused: dict[str, tuple[Any, ...]] = {}
        for thing in things if asker.who is not None else things[:1]:
            CELLS[declared.method] += 1
            wanted = expected(declared, asker, thing)
            answer = _send(world, declared, asker, thing)
            named = "" if thing is None else next(iter(thing.params.values()), NOT_THERE)
            if not _fits(declared, answer, wanted):
                meant = sorted(answers_of(declared.method, declared.path)) if wanted is LET_IN else sorted(wanted)
                wrong.append(f"{asker.name} {named}: {answer.status_code}, not {meant}: {answer.text[:200]}")
            if wanted == {404} and thing is not None:
                refused[named] = _bare(answer, thing)
            if asker.name.startswith("near") and (thing is None or thing.side != "far"):
                wrong += [
                    f"{asker.name} {named}: has a trace of {trace!r} in {answer.text[:300]}"
                    for trace in (world.traces if declared.path not in OF_ONESELF else ())
                    if trace in answer.content
                ]
        if missing is not None and len(set(refused.values())) > 1:
            wrong += [f"{asker.name}: what is there is told from what is not: {refused}"]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])


def test_the_feed_is_for_who_has_incidents(world: World) -> None:
    """Over a real connection, for it never ends; what it shows to whom is held by its own tests."""
    world.sign_in_again()
    declared = next(each for each in DECLARED if each.path.endswith("/feed"))
    for asker in world.askers.values():
        CELLS["feed"] += 1
        wanted = expected(declared, asker, None)
        with (
            httpx.Client(base_url=world.room.hub.url, trust_env=False, timeout=10) as client,
            client.stream("GET", declared.path, headers=asker.headers) as answer,
        ):
            assert answer.status_code in ({200} if wanted is LET_IN else wanted), asker.name


def test_there_were_thousands_of_cells(world: World) -> None:
    del world
    assert sum(CELLS.values()) > 5000, CELLS
