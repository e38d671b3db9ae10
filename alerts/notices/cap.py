"""CAP: an incident as a message of the Common Alerting Protocol 1.2 (OASIS), as XML and as JSON. Pure.

One incident is one chain of messages: the first is an Alert, what follows are Updates that refer to all before, and a
Cancel ends it when it turns out to have been nothing. Identifiers are made of incident and journal number, and times
are those of the moves, so a message that is sent again, however late, is the same message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal
from xml.etree import ElementTree as ET

from alerts.incidents.incident import Verdict, done
from alerts.language.kinds import family
from alerts.notices.notice import Notice

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPES = {"xml": "application/cap+xml", "json": "application/json"}

Status = Literal["Actual", "Exercise", "Test"]
Scope = Literal["Public", "Restricted", "Private"]

DISMISSED = frozenset({Verdict.FALSE.value, Verdict.TEST.value, Verdict.NUISANCE.value, Verdict.DUPLICATE.value})
"""Verdicts that say that there was nothing to warn of."""
_CANCELS = (done("resolve"), done("merge"))
_SEVERITY = {
    "red": ("Extreme", "Immediate"),
    "orange": ("Severe", "Immediate"),
    "yellow": ("Moderate", "Expected"),
    "blue": ("Minor", "Expected"),
    "green": ("Minor", "Future"),
}
"""Severity and urgency of each level."""
_CATEGORY = {
    "fire": "Fire", "gas": "Safety", "power": "Infra", "water": "Infra", "flood": "Met", "geo": "Geo",
    "weather": "Met", "env": "Env", "road": "Transport", "vehicle": "Security", "area": "Security",
    "line": "Security", "motion": "Security", "crowd": "Security", "object": "Security", "person": "Security",
    "door": "Security", "device": "Security", "sos": "Rescue", "care": "Health", "camera": "Infra", "sensor": "Infra",
    "gateway": "Infra", "hub": "Infra", "post": "Safety", "work": "Safety",
}  # fmt: skip
_CONFIRMED = "confirmed"
_LANGUAGES = (("zh-CN", "zh"), ("en-US", "en"))
_FORBIDDEN = re.compile(r"[\s,<&]")
"""Neither sender nor identifier may hold these (CAP 1.2, 3.2.1)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no XML can hold, and somebody may write in a note."""


@dataclass(frozen=True, slots=True)
class Station:
    """Who speaks, and how.

    Attributes:
        sender: Globally unique, as `hub@village.example`.
        sender_name: For people.
        status: Of everything it says; what is judged a test is one.
        scope: Who may read it; Restricted with `restriction`, Private with `addresses`.
        geocodes: Code of each area, by area id.
        geocode_name: What system these codes are of.
        radius_km: Of the circle around a known position.
    """

    sender: str
    sender_name: str = ""
    status: Status = "Actual"
    scope: Scope = "Restricted"
    restriction: str = ""
    addresses: str = ""
    geocodes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    geocode_name: str = "CN-GB2260"
    radius_km: float = 0.1


def usable_sender(sender: str) -> bool:
    """Whether CAP allows it."""
    return bool(sender) and _FORBIDDEN.search(sender) is None


def identifier(incident: str, number: int) -> str:
    """Of the message about one move."""
    return f"{incident}.{number}"


def sent_text(at: datetime) -> str:
    """A time as CAP wants it: whole seconds, and UTC written -00:00."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def message_type(notice: Notice) -> Literal["Alert", "Update", "Cancel"]:
    """What a message is: the first one an Alert, so is what was opened again."""
    if not notice.earlier or notice.move == done("reopen"):
        return "Alert"
    if notice.move == done("merge") or (notice.move in _CANCELS and str(notice.incident.get("verdict")) in DISMISSED):
        return "Cancel"
    return "Update"


def cap_message(notice: Notice, station: Station) -> dict[str, Any]:
    """The message as JSON; the names and their order are those of the XML."""
    incident = notice.incident
    kind = message_type(notice)
    said: dict[str, Any] = {
        "identifier": identifier(str(incident["id"]), notice.number),
        "sender": station.sender,
        "sent": sent_text(notice.at),
        "status": "Test" if incident.get("verdict") == Verdict.TEST.value else station.status,
        "msgType": kind,
        "scope": station.scope,
    }
    if station.restriction:
        said["restriction"] = station.restriction
    if station.addresses:
        said["addresses"] = station.addresses
    if notice.note:
        said["note"] = _clean(notice.note)
    if notice.earlier and kind != "Alert":
        said["references"] = " ".join(
            f"{station.sender},{identifier(str(incident['id']), each.number)},{sent_text(each.at)}"
            for each in notice.earlier
        )
    said["incidents"] = str(incident["id"])
    said["info"] = [_info(notice, station, tag, language) for tag, language in _LANGUAGES]
    return said


def cap_xml(message: Mapping[str, Any]) -> bytes:
    """A message from `cap_message` as XML."""
    ET.register_namespace("", NAMESPACE)
    alert = ET.Element(f"{{{NAMESPACE}}}alert")
    _append(alert, message)
    return bytes(ET.tostring(alert, encoding="utf-8", xml_declaration=True))


def _append(parent: ET.Element, parts: Mapping[str, Any]) -> None:
    for name, value in parts.items():
        for each in value if isinstance(value, list) else [value]:
            element = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
            if isinstance(each, Mapping):
                _append(element, each)
            else:
                element.text = str(each)


def _info(notice: Notice, station: Station, tag: str, language: str) -> dict[str, Any]:
    incident = notice.incident
    severity, urgency = _SEVERITY.get(str(incident["level"]), ("Unknown", "Unknown"))
    over = not incident.get("active", True) or notice.move in _CANCELS
    alerts = incident.get("alerts") or [{}]
    name = _in(incident.get("name"), language) or str(incident["kind"])
    text = _in(incident.get("text"), language)
    info: dict[str, Any] = {
        "language": tag,
        "category": [_CATEGORY.get(family(str(incident["kind"])), "Other")],
        "event": _clean(name),
    }
    if over:
        info["responseType"] = ["AllClear"]
    info |= {
        "urgency": "Past" if over else urgency,
        "severity": severity,
        "certainty": certainty(incident),
        "eventCode": [{"valueName": "community-hub:kind", "value": str(incident["kind"])}],
        "effective": sent_text(notice.at),
    }
    if onset := alerts[0].get("started"):
        info["onset"] = sent_text(datetime.fromisoformat(str(onset)))
    if station.sender_name:
        info["senderName"] = station.sender_name
    place = notice.place.get(language) or _in(notice.place, language) or station.sender_name or station.sender
    info["headline"] = _clean(f"{name}：{place}" if language == "zh" else f"{name}: {place}")
    if text:
        info["description"] = _clean(text)
    if instruction := _in(alerts[0].get("do"), language):
        info["instruction"] = _clean(instruction)
    info["parameter"] = [
        {"valueName": f"community-hub:{key}", "value": str(incident.get(key))}
        for key in ("number", "handling", "verdict", "level")
    ]
    info["parameter"].append({"valueName": "community-hub:move", "value": notice.move})
    info["area"] = [_area(notice, station, place)]
    return info


def certainty(incident: Mapping[str, Any]) -> str:
    """How sure it is: confirmed or seen by people, one sensor, or a camera alone."""
    if str(incident["kind"]).endswith(_CONFIRMED) or incident.get("verdict") == Verdict.TRUE.value:
        return "Observed"
    if incident.get("verdict") in DISMISSED:
        return "Unlikely"
    alerts: Sequence[Mapping[str, Any]] = incident.get("alerts") or ()
    if incident.get("reporter") or any(alert.get("sensor") for alert in alerts):
        return "Likely"
    return "Possible" if any(alert.get("camera") for alert in alerts) else "Unknown"


def _area(notice: Notice, station: Station, place: str) -> dict[str, Any]:
    area: dict[str, Any] = {"areaDesc": _clean(place)}
    if notice.position is not None:
        lat, lon = notice.position
        area["circle"] = [f"{lat:.6f},{lon:.6f} {station.radius_km:g}"]
    code = station.geocodes.get(str(notice.incident.get("area")))
    if code:
        area["geocode"] = [{"valueName": station.geocode_name, "value": code}]
    return area


def _in(words: Any, language: str) -> str:
    if not isinstance(words, Mapping):
        return ""
    return str(words.get(language) or words.get("en" if language == "zh" else "zh") or "")


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
