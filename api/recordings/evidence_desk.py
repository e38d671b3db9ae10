"""Evidence desk: what keeps evidence and what deletes recordings, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.recordings.deletions import Deletions
from api.recordings.desk import RecordingDesk
from api.recordings.evidence import Evidence, Take
from api.stills import Stills
from cameras.recordings.evidence.signing import key_of
from cameras.traces.keeping import TRACES, Traces
from config.community import Community
from config.machine import Machine
from hub.bus import Bus
from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics
from hub.store.database import Database


@dataclass(frozen=True, slots=True)
class EvidenceDesk:
    """What is kept of incidents, and what people delete.

    Attributes:
        kept: What is kept.
        deletions: What is deleted.
    """

    kept: Evidence
    deletions: Deletions


def start_evidence(
    machine: Machine,
    database: Database,
    bus: Bus,
    clock: Clock,
    *,
    recordings: RecordingDesk,
    stills: Stills,
    take: Take,
    forget: Callable[[str, datetime, datetime], object],
    community: Callable[[], Community],
    metrics: Metrics,
    lifecycle: Lifecycle,
) -> EvidenceDesk:
    """Begin to keep evidence, and to delete what people ask for.

    Args:
        machine: Where the data folder is.
        database: The hub's.
        bus: The hub's.
        clock: The hub's.
        recordings: What is recorded.
        stills: The pictures of alerts.
        take: Takes a picture now.
        forget: Takes away pictures that were made of a span of a camera.
        community: What there is.
        metrics: Show how it does.
        lifecycle: Stops it.

    Raises:
        HubError: The key that signs cannot be used.
    """
    kept = Evidence(
        database,
        bus,
        clock,
        recorded=recordings.catalog,
        stills=stills,
        take=take,
        community=community,
        folder=machine.data / "evidence",
        key=key_of(machine.data),
    )
    lifecycle.push("evidence", kept.stop)
    kept.start()
    traces = Traces(machine.data / TRACES)

    def forget_all(camera: str, since: datetime, until: datetime) -> None:
        traces.forget(camera, since, until)
        forget(camera, since, until)

    deletions = Deletions(
        database,
        bus,
        clock,
        catalog=recordings.catalog,
        removing=recordings.removing,
        catch_up=kept.catch_up,
        forget=forget_all,
        is_known=recordings.caretaker.is_repaired.is_set,
    )
    lifecycle.push("deletions", deletions.stop)
    deletions.start()
    _watch(metrics, kept)
    return EvidenceDesk(kept, deletions)


def _watch(metrics: Metrics, kept: Evidence) -> None:
    metrics.watch("hub_evidence_incidents", "Incidents of which evidence is kept.", lambda: {(): kept.totals().cases})
    metrics.watch("hub_evidence_bytes", "What evidence takes up.", lambda: {(): kept.totals().size_bytes})
    metrics.watch("hub_evidence_waiting", "Spans that are still to be copied.", lambda: {(): kept.totals().waiting})
    metrics.watch(
        "hub_evidence_stopped",
        "Incidents whose newest manifest cannot be relied on, so that nothing is done to their evidence.",
        lambda: {(): kept.stopped},
    )
    metrics.watch("hub_evidence_behind", "Journal entries not looked at for evidence.", lambda: {(): kept.behind})
