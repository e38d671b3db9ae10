"""Consent: what the cameras of a household are for, as who lives there decided.

Pure: decisions, incidents and the Community come in; what follows from them goes out. `effective` gives the Community
that cameras and recordings follow, `room_may_watch` is the one place that decides what of a household the room sees,
and `is_told` what an analysis that is limited may tell.

A site of the ring household with somebody who lives there by account is claimed. Claimed and undecided, only what saves
lives is looked for and the room sees nothing. What was decided stands until who lives there decides anew: neither
taking away the account of a resident nor calling the site something else opens anything. A household that nobody
claimed and nobody decided for is as any other place.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from config.analysing import Analyse
from config.community import Camera, Community, Ring
from config.recording import Policy
from hub.access import Role
from hub.events import Event

__all__ = [
    "Analyse",
    "Consent",
    "Held",
    "Incident",
    "Watch",
    "Watching",
    "addresses_of",
    "decision_of",
    "effective",
    "is_told",
    "kept_at",
    "report_opens",
    "room_may_watch",
]


class Watch(enum.StrEnum):
    """When the room may watch."""

    NEVER = "never"
    INCIDENT = "incident"
    """While an incident of this camera or its site is open that devices told, or people outside the room."""
    ALWAYS = "always"


BEFORE: Final = timedelta(seconds=60)
"""So long before the first alert of an incident, and before glass was broken, recordings belong to what happened."""
GLASS: Final = timedelta(minutes=15)
"""So long somebody may look who broke the glass."""
MOST_DAYS: Final = 3650
EVER: Final = datetime.min.replace(tzinfo=UTC)
"""`Watching.since` of all that was ever recorded."""

SAFETY_KINDS: Final = frozenset(
    {
        # What kills within minutes, and what somebody cannot call for himself.
        "camera.fire",
        "camera.smoke",
        "camera.person_down",
        "camera.child_near_water",
        # Something fell or collapsed; it tells of a large part of the picture, never of a person.
        "camera.scene_changed",
        # How the camera itself does: a blind camera saves nobody.
        "camera.health",
        "camera.recording",
        "camera.view_blurred",
        "camera.view_covered",
        "camera.view_dark",
        "camera.view_frozen",
        "camera.view_glare",
        "camera.view_moved",
        "camera.zones_out_of_place",
    }
)
"""What leaves a camera with `safety`. Climbing is not among them: who climbs a wall is looked for to guard goods; nor
is what happens on a road, which is for the cameras of the road."""
_HEALTH_KINDS: Final = frozenset({"camera.health", "camera.recording"})
"""What a worker knows of a camera without looking at a picture."""
_UNSAFE_DETECTORS: Final = frozenset({"plates"})
_CAMERA_KINDS: Final = "camera."


@dataclass(frozen=True, slots=True)
class Consent:
    """What a household decided for one of its cameras.

    Attributes:
        camera: Camera id.
        site: The household; for the camera at another site it does not count.
        analyse: What programs may look for.
        watch: When the room may watch.
        keep_days: Recordings are kept so long at most, 0 records nothing; None as the community keeps.
        version: Counts up; 0 is undecided.
        at: When it was decided, UTC; None while undecided.
        account: Id of the account that decided.
        author: Its name then.
    """

    camera: str
    site: str
    analyse: Analyse = Analyse.SAFETY
    watch: Watch = Watch.NEVER
    keep_days: int | None = None
    version: int = 0
    at: datetime | None = None
    account: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """What devices told, or what one person did, in an open incident, as far as it opens cameras of households.

    Attributes:
        sites: Of its alerts, or that of the report.
        cameras: Of its alerts.
        began: Its first alert, or the report, UTC.
        reporter: Account name of who reported it; None where devices told it. It opens nothing for himself.
    """

    sites: frozenset[str]
    cameras: frozenset[str]
    began: datetime
    reporter: str | None = None


def report_opens(role: str, account: str, *, is_request: bool, residents: Collection[str]) -> bool:
    """Whether what somebody reports at a household opens its cameras, for others than himself.

    A room that could open a camera by its own report would need no consent: for what it is told by telephone there is
    the glass to break, of which the household hears. Nor does a request, about noise or a lamp, open anything.

    Args:
        role: Of the account when it reported.
        account: Its name.
        is_request: Whether nobody is in danger.
        residents: Names of accounts that live there.
    """
    return not is_request and (role in _OUTSIDE or account in residents)


@dataclass(frozen=True, slots=True)
class Watching:
    """What somebody may see of a camera at a site.

    Attributes:
        live: What it sees now.
        since: What it recorded from then on; None for nothing recorded, `EVER` for all.
    """

    live: bool
    since: datetime | None

    def shows(self, moment: datetime) -> bool:
        """Whether something that was recorded then is for him."""
        return self.since is not None and moment >= self.since

    def joined(self, other: Watching) -> Watching:
        """What either of the two allows."""
        known = [each for each in (self.since, other.since) if each is not None]
        return Watching(self.live or other.live, min(known, default=None))


EVERYTHING: Final = Watching(live=True, since=EVER)
NOTHING: Final = Watching(live=False, since=None)

_OUTSIDE: Final = frozenset({Role.RESIDENT.value, Role.RESPONDER.value})
"""Roles of people who see a place with their own eyes; all others sit where pictures are looked at."""

Decided = Mapping[tuple[str, str], Consent]
"""The newest decision for a camera at a site."""


Held = Mapping[tuple[str, str], frozenset[str]]
"""The addresses of cameras that stood at homes where somebody lives, by camera and home."""
_NONE_HELD: Final[Held] = MappingProxyType({})


def addresses_of(camera: Camera) -> frozenset[str]:
    """By what a camera's streams are known: host and path, whatever the protocol and port, and what is asked for."""
    return frozenset(_address(each.url) for each in (camera.main, camera.sub) if each is not None)


def _address(url: str) -> str:
    parts = urlsplit(url)
    place = f"{(parts.hostname or '').rstrip('.')}/{unquote(parts.path).strip('/')}"
    return f"{place}?{'&'.join(sorted(filter(None, parts.query.split('&'))))}"


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses show the same: a recorder tells its cameras apart by the query, a word more hides none."""
    (place, _, asked), (other_place, _, other_asked) = one.partition("?"), other.partition("?")
    words, other_words = set(asked.split("&")) - {""}, set(other_asked.split("&")) - {""}
    return place == other_place and (words <= other_words or other_words <= words)


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    return any(_is_same(one, other) for one in some for other in others)


def decision_of(
    community: Community,
    camera: str,
    site: str,
    *,
    consents: Decided,
    claimed: Collection[str],
    held: Held = _NONE_HELD,
) -> Consent | None:
    """What holds for a camera at a site; None when nobody has to be asked.

    What was decided where it is; where nobody decides, the strictest of what was decided at homes from which
    settings took it, and for any other camera that
    is read from the same address: a household is not shown by another entry for its camera.

    Args:
        community: Says whose site it is. A site that is gone counts as a household.
        camera: Camera id.
        site: Where it is, or was when it recorded something.
        consents: What was decided.
        claimed: Sites where somebody lives by account.
        held: Cameras that stood at homes where somebody lives.
    """

    def at(camera_id: str, where: str) -> Consent | None:
        return _decided_at(community, camera_id, where, consents=consents, claimed=claimed, held=held)

    own = at(camera, site)
    there = community.camera(camera)
    if own is not None or there is None or there.site != site:
        return own
    known = addresses_of(there)
    homes = {(other, home) for (other, home), found in held.items() if other == camera or _meet(found, known)}
    homes |= {(each.id, each.site) for each in _by_address(community, known) if each.id != camera}
    others = [found for other, home in sorted(homes - {(camera, site)}) if (found := at(other, home)) is not None]
    return _strictest(own, others, camera, site)


def _decided_at(
    community: Community, camera: str, site: str, *, consents: Decided, claimed: Collection[str], held: Held
) -> Consent | None:
    decided = consents.get((camera, site))
    if decided is not None:
        return decided
    if (camera, site) in held:
        return Consent(camera, site)
    found = community.site(site)
    is_household = found is None or found.ring is Ring.HOUSEHOLD
    return Consent(camera, site) if is_household and site in claimed else None


def _strictest(own: Consent | None, others: Collection[Consent], camera: str, site: str) -> Consent | None:
    if not others:
        return own
    made = own or Consent(camera, site, Analyse.ALL, Watch.ALWAYS)
    every = [made, *others]
    analyse = made.analyse
    for each in others:
        analyse = analyse.at_most(each.analyse)
    watch = min((each.watch for each in every), key=list(Watch).index)
    return replace(made, analyse=analyse, watch=watch)


def _by_address(community: Community, known: frozenset[str]) -> list[Camera]:
    """The cameras that are read from any of some addresses."""
    global _indexed  # noqa: PLW0603 - of the one Community in force; another one takes its place
    of, index = _indexed
    if of is not community:
        made: dict[str, list[Camera]] = {}
        for each in community.cameras:
            for address in addresses_of(each):
                made.setdefault(address.partition("?")[0], []).append(each)
        of, index = _indexed = (community, made)
    near = [each for address in known for each in index.get(address.partition("?")[0], ())]
    return [each for each in near if _meet(addresses_of(each), known)]


_indexed: tuple[Community | None, Mapping[str, list[Camera]]] = (None, {})


def effective(community: Community, consents: Decided, claimed: Collection[str], held: Held = _NONE_HELD) -> Community:
    """The Community as cameras and recordings are to follow it: nothing goes beyond what households agreed to.

    Every camera that needs no change is the very same, so that nothing of it restarts.
    """
    cameras = tuple(
        _limited(community, camera, consents=consents, claimed=claimed, held=held) for camera in community.cameras
    )
    if all(after is before for after, before in zip(cameras, community.cameras, strict=True)):
        return community
    return community.model_copy(update={"cameras": cameras})


def _limited(
    community: Community, camera: Camera, *, consents: Decided, claimed: Collection[str], held: Held
) -> Camera:
    decision = decision_of(community, camera.id, camera.site, consents=consents, claimed=claimed, held=held)
    analyse = camera.analyse if decision is None else camera.analyse.at_most(decision.analyse)
    update: dict[str, object] = {} if analyse is camera.analyse else {"analyse": analyse}
    if analyse is Analyse.NOTHING and (camera.detectors or camera.behaviours):
        update |= {"detectors": (), "behaviours": {}}
    elif analyse is Analyse.SAFETY and any(each.kind in _UNSAFE_DETECTORS for each in camera.detectors):
        update["detectors"] = tuple(each for each in camera.detectors if each.kind not in _UNSAFE_DETECTORS)
    if decision is not None and decision.keep_days is not None:
        update["record"] = _bounded(community.policy_of(camera), decision.keep_days)
    return camera.model_copy(update=update) if update else camera


def kept_at(
    community: Community,
    camera: str,
    site: str,
    *,
    consents: Decided,
    claimed: Collection[str],
    held: Held = _NONE_HELD,
) -> Policy:
    """How long what a camera recorded at a site is kept: who lives there bounds it, wherever the camera is now."""
    there = community.camera(camera)
    policy = Policy() if there is None else community.policy_of(there)
    decision = decision_of(community, camera, site, consents=consents, claimed=claimed, held=held)
    return policy if decision is None or decision.keep_days is None else _bounded(policy, decision.keep_days)


def _bounded(policy: Policy, days: int) -> Policy:
    """A policy that keeps nothing for longer than `days`, events included."""
    if days <= 0:
        least = 1 / 24  # what was recorded before goes within the hour
        return policy.model_copy(update={"streams": (), "keep_days": least, "keep_events_days": least})
    return policy.model_copy(
        update={"keep_days": min(policy.keep_days, days), "keep_events_days": min(policy.keep_events_days, days)}
    )


def room_may_watch(
    decision: Consent | None, *, who: str, open_incidents: Iterable[Incident] = (), broken: datetime | None = None
) -> Watching:
    """What the room sees of a camera at a site: everybody for whom it is not the own home, nor shared.

    Args:
        decision: From `decision_of`.
        who: Account name of who looks.
        open_incidents: Those that are neither resolved nor closed; any others do not matter.
        broken: Since when this person looks with the glass broken; None when he does not.
    """
    if decision is None or decision.watch is Watch.ALWAYS:
        return EVERYTHING
    opened = [] if broken is None else [broken]
    if decision.watch is Watch.INCIDENT:
        opened += [
            each.began
            for each in open_incidents
            if each.reporter != who and (decision.site in each.sites or decision.camera in each.cameras)
        ]
    return Watching(live=True, since=min(opened) - BEFORE) if opened else NOTHING


def is_told(analyse: Analyse, event: Event) -> bool:
    """Whether an Event of a camera may leave its worker, and reach the rules.

    The end of a state too is told only of what may begin: that somebody left says that somebody was there.
    """
    if analyse is Analyse.ALL or not event.kind.startswith(_CAMERA_KINDS) or event.kind in _HEALTH_KINDS:
        return True
    return analyse is Analyse.SAFETY and event.kind in SAFETY_KINDS
