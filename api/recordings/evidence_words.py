"""Evidence, in words: what manifests and the journal say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from cameras.recordings.evidence.manifest import Manifest
from hub.events import time_to_text
from hub.selfwatch.kernel_clock import look_at_clock
from hub.selfwatch.watch import NotKnownError

TOPIC = "evidence"
"""Of what the journal says about it."""


def write_entry(
    connection: Connection,
    incident: str,
    move: str,
    *,
    who: str,
    note: str,
    now: datetime,
    manifest: Manifest | None = None,
) -> int:
    """Write into the journal what became of evidence; gives the number of the entry."""
    body: dict[str, Any] = {"id": incident}
    if manifest is not None:
        cameras = sorted({each.camera for each in manifest.files if each.camera})
        body |= {"version": manifest.version, "files": len(manifest.files), "cameras": cameras}
    entry = {
        "at": time_to_text(now),
        "topic": TOPIC,
        "subject": incident,
        "incident": incident,
        "move": move,
        "who": who,
        "note": note,
        "body": body,
    }
    return write_journal(connection, [entry])


def still_name(camera: str, at: datetime) -> str:
    """What a picture is called that was taken when evidence was asked for."""
    return f"stills/{camera}-{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z.jpg"


def moment_of(name: str) -> datetime | None:
    """When the picture of that name was taken."""
    digits = name.removesuffix("Z.jpg").rpartition("-")[2]
    try:
        return datetime.strptime(f"{digits}000", "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def told_of(incident: str, view: IncidentView | None) -> dict[str, Any]:
    """By what an incident is recognised later, when the hub may be gone."""
    if view is None:
        return {"id": incident}
    alerts = [
        {
            "id": alert.id,
            "kind": alert.kind,
            "level": alert.level.value,
            "started": time_to_text(alert.started),
            "raised": time_to_text(alert.raised),
            "site": alert.site,
            "camera": alert.camera,
            "sensor": alert.sensor,
            "text": {"zh": alert.text_zh, "en": alert.text_en},
        }
        for alert in view.alerts
    ]
    return {
        "id": view.id,
        "number": view.number,
        "kind": view.kind,
        "level": view.level.value,
        "site": view.site,
        "area": view.area,
        "opened": time_to_text(view.opened),
        "alerts": alerts,
    }


def clock_words() -> dict[str, Any]:
    """What the machine says of its clock."""
    try:
        return {name: value for finding in look_at_clock() for name, value in finding.fields.items()}
    except NotKnownError:
        return {}


def software_version() -> str:
    """Of what wrote a manifest."""
    try:
        return f"community-hub {version('community-hub')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "community-hub 0"
