"""Where somebody may do what: grants, inherited down the grid, for a time, and nothing without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.community import Area, Camera, Community, Name, Site, Stream
from hub.access import Permission, Principal, Role
from hub.reach import Grant, GrantKind, Reach, Territory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LI = Principal("li-1", "li", Role.OPERATOR.value)
VIEW = Permission.VIEW_PICTURES


def community() -> Community:
    def area(name: str, parent: str | None = None) -> Area:
        return Area(id=name, name=Name(zh=name, en=name), parent=parent)

    def site(name: str, where: str) -> Site:
        return Site(id=name, name=Name(zh=name, en=name), area=where)

    def camera(name: str, where: str) -> Camera:
        return Camera(id=name, site=where, main=Stream(url=f"rtsp://192.0.2.1/{name}"))

    return Community(
        areas=(area("village"), area("east", "village"), area("lane", "east"), area("west", "village")),
        sites=(site("gate", "lane"), site("mill", "west"), site("home", "lane")),
        cameras=(
            camera("gate-1", "gate"),
            camera("mill-1", "mill"),
            camera("mill-2", "mill"),
            camera("home-1", "home"),
        ),
    )


def reach(*grants: Grant, who: Principal = LI) -> Reach:
    return Reach(who, grants, Territory(community()), NOW)


def grant(kind: GrantKind, place: str = "", **more: object) -> Grant:
    return Grant("1", LI.id, kind, place, **more)  # type: ignore[arg-type]


def test_without_a_grant_nothing_is_reached() -> None:
    nowhere = reach()
    assert not nowhere.within(VIEW)
    assert not nowhere.is_everywhere(VIEW)
    assert not nowhere.allows(VIEW, camera="gate-1", site="gate", area="lane")
    assert not nowhere.allows(VIEW)


def test_a_grant_for_the_community_reaches_all_of_it() -> None:
    whole = reach(grant(GrantKind.COMMUNITY))
    assert whole.is_everywhere(VIEW)
    assert whole.allows(VIEW, camera="of-another-day")


def test_a_grant_for_an_area_goes_down_the_grid_and_not_up_or_across() -> None:
    east = reach(grant(GrantKind.AREA, "east"))
    assert east.allows(VIEW, camera="gate-1")
    assert east.allows(VIEW, site="gate")
    assert east.allows(VIEW, area="lane")
    assert not east.allows(VIEW, area="village")
    assert not east.allows(VIEW, camera="mill-1")
    assert not east.allows(VIEW)


def test_a_grant_for_a_site_or_a_camera_reaches_no_other() -> None:
    mill = reach(grant(GrantKind.SITE, "mill"))
    assert mill.allows(VIEW, camera="mill-1")
    assert not mill.allows(VIEW, area="west")
    single = reach(grant(GrantKind.CAMERA, "mill-1"))
    assert single.allows(VIEW, camera="mill-1")
    assert not single.allows(VIEW, camera="mill-2")
    assert not single.allows(VIEW, site="mill")


def test_a_grant_counts_from_its_beginning_to_its_end() -> None:
    hour = timedelta(hours=1)
    assert not reach(grant(GrantKind.COMMUNITY, starts=NOW + hour)).allows(VIEW)
    assert reach(grant(GrantKind.COMMUNITY, starts=NOW, ends=NOW + hour)).allows(VIEW)
    assert not reach(grant(GrantKind.COMMUNITY, ends=NOW)).allows(VIEW)


def test_a_grant_gives_nothing_that_the_role_does_not_allow() -> None:
    everything = grant(GrantKind.COMMUNITY, permissions=frozenset(Permission))
    assert not reach(everything).allows(Permission.MANAGE_ACCOUNTS)
    nothing_else = reach(grant(GrantKind.COMMUNITY, permissions=frozenset({VIEW})))
    assert nothing_else.allows(VIEW)
    assert not nothing_else.allows(Permission.VIEW_SENSORS)


def test_a_grant_of_somebody_else_counts_for_nothing() -> None:
    assert not reach(Grant("1", "wang-1", GrantKind.COMMUNITY, "")).allows(VIEW)


def test_a_home_gives_no_power_of_an_office() -> None:
    resident = Principal(LI.id, LI.name, Role.RESIDENT.value)
    home = reach(grant(GrantKind.HOUSEHOLD, "home"), who=resident)
    assert home.homes == {"home"}
    assert not home.allows(VIEW, camera="home-1", site="home")


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.RESIDENT])
def test_nobody_with_another_role_lives_anywhere(role: Role) -> None:
    who = Principal(LI.id, LI.name, role.value)
    assert reach(grant(GrantKind.HOUSEHOLD, "home"), who=who).homes == frozenset()


def test_a_key_for_cameras_reaches_those_that_its_account_reaches() -> None:
    key = Principal(LI.id, LI.name, LI.role, key="k", cameras=frozenset({"gate-1", "mill-1"}))
    mill = reach(grant(GrantKind.SITE, "mill"), who=key)
    assert mill.allows(VIEW, camera="mill-1")
    assert not mill.allows(VIEW, camera="gate-1")
    assert not mill.allows(VIEW, camera="mill-2", site="mill")
    assert not reach(grant(GrantKind.COMMUNITY), who=key).is_everywhere(VIEW)
