"""Households: what residents decided, put into force: for cameras, recordings, events and whoever watches.

A decision counts at once: it is stored, then cameras follow it in the thread of whoever decided, and every look at a
picture asks anew. Who lives where is asked of the store at every look; cameras follow a change of that within a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import Protocol

from alerts.notices.outbox import GLASS
from alerts.store.journal import write_journal
from alerts.store.open_incidents import open_incidents
from cameras.link import Still
from config.analysing import Analyse
from config.community import Community
from config.recording import Policy
from hub.access import Principal
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.consent import Consent, Incident, Watching, decision_of, effective, is_told, kept_at, room_may_watch
from hub.errors import StoreClosedError
from hub.events import Event, Phase, time_to_text
from hub.lifecycle import Lifecycle
from hub.store.database import Database
from hub.store.people.consents import Consents
from hub.store.people.contact_homes import ContactHomes
from hub.store.people.glass import Glass
from hub.store.people.held_cameras import HeldCameras
from hub.store.people.lodgers import lodgers
from hub.store.revisions import Revisions

logger = logging.getLogger(__name__)


AskIncidents = Callable[[Mapping[str, Collection[str]]], Collection[Incident]]
"""Open incidents, for who lives where."""


class TakesStill(Protocol):
    """Asks a worker for a picture."""

    def __call__(self, camera_id: str, *, event_id: str | None = None, timeout_s: float = 2.0) -> Still | None:
        """The newest, or that of an event."""


LOOK_EVERY_S = 1.0
_ENDS_FOR_S = 30.0
"""So long after less is analysed the ends of what was told before still come."""


class Households:
    """The decisions of all households at work. Safe from any thread.

    Attributes:
        consents: What was decided.
        contact_homes: Since when settings name whom for a home.
        held: Cameras that stood at homes where somebody lives.
        glass: Who looks against it.
        database: Where all of it is kept.
    """

    def __init__(self, database: Database, bus: Bus, clock: Clock, revisions: Revisions) -> None:
        """Begin with what is stored."""
        self._bus = bus
        self.consents = Consents(database, clock)
        self.glass = Glass(database, clock)
        self.database = database
        self._clock = clock
        self._revisions = revisions
        self._lock = threading.RLock()  # a follower may ask
        self._followers: tuple[Callable[[Community], None], ...] = ()
        self._limited_s: dict[str, float] = {}
        self.contact_homes = ContactHomes(database, clock)
        self._name(revisions.current())
        self._claimed, self._residents, self._waiting = self._lives()
        self.held = HeldCameras(database, clock)
        self.held.apply(revisions.current(), self._claimed)
        self._effective = effective(revisions.current(), self.consents.newest, self._claimed, self.held.all)
        self._analyse = _analysed(self._effective)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="households", daemon=True)

    def start(self) -> None:
        """Begin to notice who moves in and out."""
        self._thread.start()

    def stop(self) -> None:
        """End. Safe to call twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def current(self) -> Community:
        """The Community as cameras and recordings follow it."""
        return self._effective

    @property
    def claimed(self) -> frozenset[str]:
        """Sites where somebody lives, or is said to."""
        return self._lives()[0]

    def keeping(self, camera: str, site: str) -> Policy:
        """How long what a camera recorded at a site is kept: as who lives there decided, wherever it is now."""
        community, claimed = self._revisions.current(), self._claimed
        return kept_at(community, camera, site, consents=self.consents.newest, claimed=claimed, held=self.held.all)

    def follow(self, follower: Callable[[Community], None]) -> None:
        """Call `follower` with the Community as cameras follow it, now and whenever that changes."""
        with self._lock:
            self._followers = (*self._followers, follower)
            follower(self._effective)

    def decide(self, decided: Consent, *, expected: int | None = None) -> Consent:
        """Put a decision into force; cameras were told when this returns.

        Raises:
            ConflictError: Somebody else decided meanwhile.
        """
        stored = self.consents.decide(decided, expected=expected)
        logger.info("a household decided", extra={"camera": stored.camera, "version": stored.version})
        self.refresh()
        return stored

    def refresh(self, _community: Community | None = None) -> None:
        """Work out anew what follows, and tell who follows it if that is something else."""
        with self._lock:
            lived, waited = self._residents, self._waiting
            self._name(self._revisions.current())
            self._claimed, self._residents, self._waiting = self._lives()
            self._tell_of_newcomers(lived, waited)
            self.held.apply(self._revisions.current(), self._claimed)
            made = effective(self._revisions.current(), self.consents.newest, self._claimed, self.held.all)
            if made == self._effective:
                return
            analyse, now_s = _analysed(made), self._clock.monotonic_s()
            for camera, before in self._analyse.items():
                if analyse.get(camera, before) is not before:
                    self._limited_s[camera] = now_s
            self._effective, self._analyse = made, analyse
            for follower in self._followers:
                try:
                    follower(made)
                except Exception:  # one part that cannot follow must not keep the others back
                    logger.exception("a part did not follow a household")

    def residents(self) -> Mapping[str, frozenset[str]]:
        """The names of accounts by the site where they live, as of now; nobody with an office lives anywhere."""
        return self._lives()[1]

    def _lives(self) -> tuple[frozenset[str], Mapping[str, frozenset[str]], frozenset[tuple[str, str]]]:
        """The sites that are claimed, who lives where, and who waits to be confirmed."""
        there = lodgers(self.database, self._clock.now())
        claimed = set(there.claimed)
        found = {place: set(names) for place, names in there.residents.items()}
        for contact in self._revisions.current().contacts:
            claimed.update(contact.sites)
        for name, site in self.contact_homes.counting():
            if name not in there.offices:
                found.setdefault(site, set()).add(name)
        waiting = there.waiting | {(each.site, each.name) for each in self.contact_homes.waiting(claimed)}
        return frozenset(claimed), {site: frozenset(names) for site, names in found.items()}, waiting

    def _name(self, community: Community) -> None:
        """Follow whom settings name for which home."""
        self.contact_homes.apply(community, lodgers(self.database, self._clock.now()))

    def must_wait(self, site: str, given_by: str) -> bool:
        """Whether who is new at a home has to be confirmed: somebody lives there, and it is not he who lets him in."""
        there = lodgers(self.database, self._clock.now())
        people = self.residents().get(site, frozenset()) & there.known
        return bool(people) and given_by not in people

    def _tell_of_newcomers(self, before: Mapping[str, frozenset[str]], waited: frozenset[tuple[str, str]]) -> None:
        """Tell who lives somewhere of everybody who is new there, or waits for them to confirm him."""
        moved = {(site, name) for site, names in self._residents.items() for name in names - before.get(site, names)}
        came = [
            (site, name, sorted(before[site]))
            for site, name in sorted((moved | self._waiting) - waited)
            if before.get(site, frozenset()) - {name}
        ]
        if came:
            now = self._clock.now()
            told = self.database.write(
                lambda connection: write_journal(connection, [_newcomer(now, *each) for each in came])
            )
            self.announce(told)

    def admits(self, event: Event) -> bool:
        """Whether an Event may come in, whoever tells it: workers, and what else speaks for a camera."""
        if event.camera is None:
            return True
        if is_told(self._analyse.get(event.camera, Analyse.ALL), event):
            return True
        if event.phase is not Phase.ENDED:
            return False
        since_s = self._limited_s.get(event.camera)
        return since_s is not None and self._clock.monotonic_s() - since_s < _ENDS_FOR_S

    def taker(self, still: TakesStill, *, timeout_s: float) -> Callable[[str, str | None], Still | None]:
        """What takes the pictures of alerts: of a limited camera that of the event alone, which shows nothing else."""

        def take(camera: str, event: str | None) -> Still | None:
            whole = self._analyse.get(camera, Analyse.ALL) is Analyse.ALL
            return still(camera, event_id=event, timeout_s=timeout_s) if whole or event is not None else None

        return take

    def newest(self, still: TakesStill, *, timeout_s: float) -> Callable[[str], Still | None]:
        """What takes the pictures of a moment that are kept as evidence; none of a limited camera."""
        take = self.taker(still, timeout_s=timeout_s)
        return lambda camera: take(camera, None)

    def announce(self, number: int) -> None:
        """Say that the journal has an entry of this number, by which people are told."""
        self._bus.announce(Topic.JOURNAL, number)

    def sight(self) -> HouseholdSight:
        """What holds at this moment, for one request."""
        return HouseholdSight(self, self._revisions.current(), partial(open_incidents, self.database))

    def _run(self) -> None:
        while not self._clock.wait(self._stopping, LOOK_EVERY_S):
            try:
                if self._lives() != (self._claimed, self._residents, self._waiting):
                    self.refresh()
            except StoreClosedError:
                return
            except Exception:
                logger.exception("who lives where cannot be asked")


class HouseholdSight:
    """What holds for households at one moment; what has to be asked of the store is asked once, when it matters."""

    def __init__(self, households: Households, community: Community, incidents: AskIncidents) -> None:
        self._households = households
        self._community = community
        self._ask = incidents

    def decision(self, camera: str, site: str) -> Consent | None:
        """What holds for a camera at a site; None where no household is asked."""
        consents = self._households.consents.newest
        claimed, held = self._claimed, self._households.held.all
        return decision_of(self._community, camera, site, consents=consents, claimed=claimed, held=held)

    def room(self, who: Principal, camera: str, site: str) -> Watching:
        """What somebody of the room, or who was sent, sees of a camera at a site."""
        decision = self.decision(camera, site)
        # Glass is broken by a person for his own eyes, not for a program that has a key of his.
        broken = None if who.key is not None else self._households.glass.since(who.id, camera, site)
        asked = decision is not None and decision.watch == "incident"
        return room_may_watch(decision, who=who.name, open_incidents=self._incidents if asked else (), broken=broken)

    def homes_of(self, camera: str) -> set[str]:
        """The homes of a camera that is gone: where it stood while somebody lived there, or decided for it."""
        known = (*self._households.held.all, *self._households.consents.newest)
        return {site for each, site in known if each == camera}

    def lives_at(self, name: str, site: str) -> bool:
        """Whether somebody lives at a site."""
        return name in self.residents.get(site, frozenset())

    @cached_property
    def residents(self) -> Mapping[str, frozenset[str]]:
        """The names of accounts by the site where they live."""
        return self._households.residents()

    @cached_property
    def _claimed(self) -> frozenset[str]:
        return self._households.claimed

    @cached_property
    def _incidents(self) -> Collection[Incident]:
        return self._ask(self.residents)


def start_households(
    database: Database, bus: Bus, clock: Clock, *, revisions: Revisions, lifecycle: Lifecycle
) -> Households:
    """Put what residents decided into force."""
    households = Households(database, bus, clock, revisions)
    lifecycle.push("households", households.stop)
    lifecycle.push("following", revisions.follow(households.refresh))
    households.start()
    return households


def _newcomer(now: datetime, site: str, name: str, people: list[str]) -> Mapping[str, object]:
    return {
        "at": time_to_text(now),
        "topic": GLASS,
        "subject": site,
        "incident": None,
        "move": "moved_in",
        "who": name,
        "note": "",
        "body": {"id": f"{site}|{name}", "device": site, "until": None, "people": people},
    }


def _analysed(community: Community) -> dict[str, Analyse]:
    return {camera.id: camera.analyse for camera in community.cameras}
