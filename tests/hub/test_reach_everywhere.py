"""Reach equals the plainest reading of grants, on any grid and with any grants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from config.community import Area, Camera, Community, Name, Sensor, Site, Stream
from hub.access import Permission, Principal, Role, permissions
from hub.reach import OF_ONES_HOME, Grant, GrantKind, Reach, Territory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAME = Name(zh="x", en="x")
ASKED = (Permission.VIEW_CAMERAS, Permission.VIEW_PICTURES, Permission.MANAGE_ACCOUNTS, Permission.ARM_PLACES)
HOURS = st.none() | st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))


@st.composite
def grids(draw: st.DrawFn) -> Community:
    areas = []
    for number in range(draw(st.integers(1, 6))):
        parent = None if number == 0 else draw(st.none() | st.integers(0, number - 1).map(lambda n: f"a{n}"))
        areas.append(Area(id=f"a{number}", name=NAME, parent=parent))
    where = st.none() | st.sampled_from([area.id for area in areas])
    sites = [Site(id=f"s{n}", name=NAME, area=draw(where)) for n in range(draw(st.integers(1, 6)))]
    at = st.sampled_from([site.id for site in sites])
    cameras = [
        Camera(id=f"c{n}", site=draw(at), main=Stream(url="rtsp://192.0.2.1/x")) for n in range(draw(st.integers(0, 8)))
    ]
    sensors = [Sensor(id=f"t{n}", site=draw(at)) for n in range(draw(st.integers(0, 4)))]
    return Community(areas=tuple(areas), sites=tuple(sites), cameras=tuple(cameras), sensors=tuple(sensors))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    kind = draw(st.sampled_from(list(GrantKind)))
    letter = {GrantKind.AREA: "a", GrantKind.CAMERA: "c"}.get(kind, "s")
    return Grant(
        id=draw(st.uuids().map(str)),
        account=draw(st.sampled_from(["li-1", "li-1", "li-1", "wang-1"])),
        kind=kind,
        place="" if kind is GrantKind.COMMUNITY else f"{letter}{draw(st.integers(0, 8))}",
        permissions=draw(st.none() | st.frozensets(st.sampled_from(ASKED))),
        starts=draw(HOURS),
        ends=draw(HOURS),
        taken_back=draw(st.none() | st.none() | st.just(NOW)),
    )


def naively(  # noqa: PLR0917 - one question
    who: Principal, held: list[Grant], there: Community, permission: Permission, thing: str
) -> bool:
    """Whether any grant allows that with a thing, asked of one grant after the other."""
    if permission not in permissions(who):
        return False
    if who.cameras is not None and thing not in who.cameras:
        return False
    above = {area.id: area.parent for area in there.areas}
    sites = {site.id: site.area for site in there.sites}
    homes = {camera.id: camera.site for camera in there.cameras}
    ways = {("camera", thing)} if thing[0] == "c" else set()
    site = homes.get(thing) if thing[0] == "c" else thing if thing[0] == "s" else None
    if site is not None:
        ways.add(("site", site))
    area = sites.get(site) if site is not None else thing if thing[0] == "a" else None
    while area is not None:
        ways.add(("area", area))
        area = above.get(area)
    return any(
        grant.account == who.id
        and grant.taken_back is None
        and (grant.starts is None or grant.starts <= NOW)
        and (grant.ends is None or grant.ends > NOW)
        and (grant.permissions is None or permission in grant.permissions)
        and (grant.kind is GrantKind.COMMUNITY or (grant.kind.value, grant.place) in ways)
        for grant in held
    )


@settings(max_examples=150, deadline=None)
@given(
    there=grids(),
    held=st.lists(grants(), max_size=8),
    role=st.sampled_from([Role.OPERATOR, Role.ADMINISTRATOR, Role.RESIDENT]),
    only=st.none() | st.frozensets(st.sampled_from([f"c{n}" for n in range(8)])),
)
def test_reach_is_what_single_grants_allow(
    there: Community, held: list[Grant], role: Role, only: frozenset[str] | None
) -> None:
    who = Principal("li-1", "li", role.value, key=None if only is None else "k", cameras=only)
    reach = Reach(who, held, Territory(there), NOW)
    for permission in ASKED:
        assert permission not in OF_ONES_HOME
        for camera in there.cameras:
            expected = naively(who, held, there, permission, camera.id)
            assert reach.allows(permission, camera=camera.id) is expected
            assert reach.reaches_device(permission, camera.id) is expected
        for site in there.sites:
            assert reach.allows(permission, site=site.id) is naively(who, held, there, permission, site.id)
        for area in there.areas:
            assert reach.allows(permission, area=area.id) is naively(who, held, there, permission, area.id)
        for sensor in there.sensors:
            assert reach.reaches_device(permission, sensor.id) is naively(who, held, there, permission, sensor.site)
        whole = reach.is_everywhere(permission)
        assert whole is (only is None and naively(who, held, there, permission, "nowhere"))
        assert reach.may(permission) or not reach.allows(permission, camera="c0", site="s0", area="a0")


@settings(max_examples=80, deadline=None)
@given(there=grids(), held=st.lists(grants(), max_size=8))
def test_homes_are_the_households_that_are_granted_now(there: Community, held: list[Grant]) -> None:
    who = Principal("li-1", "li", Role.RESIDENT.value)
    reach = Reach(who, held, Territory(there), NOW)
    assert reach.homes == {
        grant.place
        for grant in held
        if grant.kind is GrantKind.HOUSEHOLD and grant.account == "li-1" and grant.is_in_force(NOW)
    }
    mine = {camera.id for camera in there.cameras if camera.site in reach.homes}
    for camera in there.cameras:
        assert reach.allows(Permission.DELETE_RECORDINGS, camera=camera.id) is (camera.id in mine)
