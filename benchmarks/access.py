"""How long it takes to ask who may do what where, with thousands of grants of one person and of many.

The real store, grants and reach of a hub, on a community of 159 cameras; every figure is of single calls. `first` is
the first question after something changed, when everything is worked out anew; `again` is every later one, of another
camera each time; `list` goes through all cameras as `GET /cameras` does.

    .venv/bin/python -m benchmarks.access                # 10,000 grants
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from api.access.reaches import Reaches
from config.community import Area, Camera, Community, Name, Site, Stream
from hub.access import Permission, Principal, Role
from hub.clock import SystemClock
from hub.reach import Grant, GrantKind
from hub.store.database import Database, sqlite_url
from hub.store.people.accounts import Accounts
from hub.store.people.grants import Grants, add_grants
from hub.store.revisions import Revisions

CAMERAS = 159
_SITES = 53
_AREAS = 12
_ASKED = 20_000
_FIRST = 200
_VIEW = Permission.VIEW_CAMERAS
_PASSWORD = "three words and a river"  # noqa: S105 - of nobody


def community() -> Community:
    """159 cameras at 53 sites in 12 areas, four to a level."""
    name = Name(zh="x", en="x")
    areas = tuple(
        Area(id=f"area-{n}", name=name, parent=None if n == 0 else f"area-{(n - 1) // 4}") for n in range(_AREAS)
    )
    sites = tuple(Site(id=f"site-{n}", name=name, area=f"area-{n % _AREAS}") for n in range(_SITES))
    cameras = tuple(
        Camera(id=f"cam-{n}", site=f"site-{n % _SITES}", main=Stream(url="file:///dev/null")) for n in range(CAMERAS)
    )
    return Community(areas=areas, sites=sites, cameras=cameras)


class Asking:
    """A store with grants, and whom they are for."""

    def __init__(self, folder: Path, number: int) -> None:
        """Give `number` grants to one person and as many to a hundred others; all for single cameras and areas."""
        self.clock = SystemClock()
        self.database = Database(sqlite_url(folder / "hub.sqlite"), durability="normal")
        self.database.start()
        accounts = Accounts(self.database, self.clock)
        revisions = Revisions(self.database, self.clock, check=lambda _: ())
        self.community = community()
        revisions.accept(self.community, author="benchmark", reason="")
        account = accounts.create("one", _PASSWORD, Role.OPERATOR)
        self.one = Principal(account.id, account.username, account.role)
        few = accounts.create("few", _PASSWORD, Role.OPERATOR)
        self.few = Principal(few.id, few.username, few.role)
        now = self.clock.now()
        places = [(GrantKind.CAMERA, camera.id) for camera in self.community.cameras]
        places += [(GrantKind.SITE, site.id) for site in self.community.sites]
        places += [(GrantKind.AREA, area.id) for area in self.community.areas[4:]]

        made = []
        for of, count in ((account.id, number), (few.id, 3)):
            for nth in range(count):
                kind, place = places[nth % len(places)]
                made.append(Grant(f"{of}-{nth}", of, kind, place, given_by="x", reason=str(nth), given=now))
        for each in Grants(self.database, self.clock).of(account.id):
            Grants(self.database, self.clock).take_back(each.id, "benchmark")
        self.database.write(lambda connection: add_grants(connection, made))
        began = time.perf_counter()
        self.grants = Grants(self.database, self.clock)
        for each in self.grants.of(few.id):
            if each.kind is GrantKind.COMMUNITY:
                self.grants.take_back(each.id, "benchmark")
        self.loaded_ms = (time.perf_counter() - began) * 1e3
        self.reaches = Reaches(self.grants, revisions, self.clock)

    def change(self, who: Principal) -> None:
        """As after a grant was given or taken back, but for the reading from the store."""
        held = self.grants.of(who.id)
        self.grants._held[who.id] = (*held,)  # noqa: SLF001 - the store is measured by benchmarks.store
        self.reaches._kept.clear()  # noqa: SLF001


def _measured(times: int, call: Callable[[int], object]) -> tuple[float, float, float]:
    """Median, 99th percentile and longest of single calls, milliseconds."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - began) * 1e3)
    parts = quantiles(taken, n=100, method="inclusive")
    return parts[49], parts[98], max(taken)


def main() -> None:
    """Run once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grants", type=int, default=10_000, help="of one person")
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-access-") as folder:
        asking = Asking(Path(folder), settings.grants)
        cameras = asking.community.cameras

        def decide(who: Principal) -> Callable[[int], object]:
            return lambda n: asking.reaches.of(who).allows(_VIEW, camera=cameras[n % CAMERAS].id)

        def see(who: Principal) -> Callable[[int], object]:
            return lambda n: asking.reaches.pictures(who).live(cameras[n % CAMERAS])

        def listed(_: int) -> object:
            within = asking.reaches.of(asking.one).within(_VIEW)
            return [camera for camera in cameras if within is None or camera.id in within.cameras]

        def pictured(_: int) -> object:
            pictures = asking.reaches.pictures(asking.one)
            return [camera for camera in cameras if pictures.live(camera)]

        def first(n: int) -> object:
            asking.change(asking.one)
            return decide(asking.one)(n)

        print(f"{settings.grants} grants of one person, read at start in {asking.loaded_ms:.0f} ms")
        print(f"{'':34}{'median':>10}{'p99':>10}{'longest':>10}   ms")
        for name, times, call in (
            ("first, all worked out anew", _FIRST, first),
            ("again, one camera", _ASKED, decide(asking.one)),
            ("again, with three grants", _ASKED, decide(asking.few)),
            ("again, pictures of one camera", _ASKED, see(asking.one)),
            (f"list of {CAMERAS} cameras", 2_000, listed),
            (f"list of {CAMERAS}, by pictures", 1_000, pictured),
        ):
            median, p99, longest = _measured(times, call)
            print(f"{name:34}{median:10.4f}{p99:10.4f}{longest:10.3f}")
        asking.database.stop()


if __name__ == "__main__":
    main()
