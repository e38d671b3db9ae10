"""Parts: what the routes work with; put together once in `api/main.py` and never changed after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from alerts.arming_desk import ArmingDesk
from alerts.incidents.handling import Handling
from alerts.language.rule_store import RuleStore
from alerts.loop import LoopStatus
from alerts.notices.delivery import Delivery
from alerts.store.lists import Repository
from api.access.tokens import Tokens
from api.audit_desk import AuditDesk
from api.desk import Desk
from api.feed import Feed
from api.figure_desk import FigureDesk
from api.hardening import Hardening
from api.households import Households
from api.onboarding.desk import OnboardingDesk
from api.people import PeopleDesk
from api.reception import Reception
from api.recordings.desk import RecordingDesk
from api.recordings.evidence_desk import EvidenceDesk
from api.recordings.live_desk import LiveDesk
from api.recordings.playback import Playback
from api.stills import Stills
from api.trials import Trials
from cameras.link import CameraStatus, PictureTaken, PictureWanted, Still
from cameras.moves import Moved, MoveWanted
from cameras.supervision.keeper import WorkerStatus
from config.community import Community
from hub.clock import Clock
from hub.metrics import Metrics
from hub.selfwatch.watch import SelfWatch
from hub.sensors.backfill import Backfill
from hub.sensors.parsing import Discovered
from hub.sensors.presence import Presence
from hub.sensors.watching import SensorWatch
from hub.store.event_log import EventLog
from hub.store.handovers import Handovers
from hub.store.people.accounts import Accounts
from hub.store.raw_messages import RawMessages
from hub.store.revisions import Revisions
from hub.store.rule_traces import RuleTraces
from hub.store.tours import Tours


class Cameras(Protocol):
    """What the API asks of the supervisor of camera workers."""

    def start(self) -> None:
        """Begin to run cameras."""

    def stop(self) -> None:
        """End the workers."""

    def apply(self, community: Community) -> None:
        """Run the cameras of this Community; only those that changed are touched."""

    def still(
        self, camera_id: str, *, event_id: str | None = None, width_px: int | None = None, timeout_s: float = 2.0
    ) -> Still | None:
        """A picture of a camera, of an event's moment if it is still held."""

    def picture(self, camera_id: str, wanted: PictureWanted, *, timeout_s: float = 5.0) -> PictureTaken:
        """Pictures out of a recorded file of a camera; with a `problem` where there are none."""

    def move(self, camera_id: str, wanted: MoveWanted, *, timeout_s: float = 12.0) -> Moved:
        """Turn a camera, or ask where it looks; with a `problem` where it was not done."""

    def status(self) -> Sequence[CameraStatus]:
        """How every camera does."""

    def worker_of(self, camera_id: str) -> str | None:
        """The worker that runs a camera; must not wait."""

    def workers(self) -> Sequence[WorkerStatus]:
        """How every worker does."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running hub that the API shows.

    Attributes:
        discovered: The devices that announced themselves, each with its payload format.
        engine: How the rules do.
        readiness: Whether each part that must work does, by name.
        loopback_only: The hub is reached from this machine alone.
    """

    accounts: Accounts
    alerts: Repository
    arming: ArmingDesk
    audit: AuditDesk
    cameras: Cameras
    clock: Clock
    delivery: Delivery
    desk: Desk
    event_log: EventLog
    evidence: EvidenceDesk
    feed: Feed
    figures: FigureDesk
    handling: Handling
    hardening: Hardening
    households: Households
    live: LiveDesk
    metrics: Metrics
    onboarding: OnboardingDesk
    people: PeopleDesk
    playback: Playback
    reception: Reception
    recordings: RecordingDesk
    revisions: Revisions
    rules: RuleStore
    stills: Stills
    tokens: Tokens
    tours: Tours
    handovers: Handovers
    traces: RuleTraces
    trials: Trials
    discovered: Callable[[], tuple[tuple[str, Discovered], ...]]
    engine: Callable[[], LoopStatus]
    presence: Presence
    sensor_watch: SensorWatch
    self_watch: SelfWatch
    readiness: Callable[[], Mapping[str, bool]]
    raw: RawMessages
    backfill: Backfill
    loopback_only: bool


async def _parts(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


Here = Annotated[Parts, Depends(_parts)]
"""The hub's parts, for a route."""
