"""The device service: who a device is, what time it has, and which services it offers. Parsers are pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cameras.onvif.answers import Node

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA_2 = "http://www.onvif.org/ver20/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"

SYSTEM_TIME = f'<d:GetSystemDateAndTime xmlns:d="{DEVICE}"/>'
INFORMATION = f'<d:GetDeviceInformation xmlns:d="{DEVICE}"/>'

_CATEGORIES = {"Device": DEVICE, "Events": EVENTS, "Media": MEDIA, "PTZ": PTZ}
_MOST_SERVICES = 64
_MOST_URL = 1024
_MOST_TEXT = 64


@dataclass(frozen=True, slots=True)
class Information:
    """What a device says of itself; texts of at most 64 printable characters, may be empty."""

    manufacturer: str
    model: str
    firmware: str
    serial: str


def plain(text: str, *, most: int = _MOST_TEXT) -> str:
    """A text of a device, fit to be shown: one line, printable, not too long."""
    head = text[: 4 * most]
    if not head.isprintable():
        head = "".join(sign if sign.isprintable() else " " for sign in head)
    return head.strip()[:most]


def parse_information(answer: Node) -> Information:
    """The answer to GetDeviceInformation."""
    return Information(
        *(plain(answer.text_of(name)) for name in ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber"))
    )


def parse_system_time(answer: Node) -> datetime | None:
    """The UTC in the answer to GetSystemDateAndTime; None when there is none, or none that can be.

    Some devices say their local time alone: with its offset not known it is not taken.
    """
    when = answer.find("SystemDateAndTime", "UTCDateTime")
    if when is None:
        return None
    try:
        year, month, day = (int(when.text_of("Date", name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(when.text_of("Time", name)) for name in ("Hour", "Minute", "Second"))
        return datetime(year, month, day, tzinfo=UTC) + timedelta(
            hours=hour, minutes=minute, seconds=min(max(second, 0), 60)
        )
    except (ValueError, OverflowError):
        return None


def parse_services(answer: Node) -> dict[str, str]:
    """Namespace to address, of the answer to GetServices or GetCapabilities."""
    found: dict[str, str] = {}
    for service in answer.all("Service"):
        space, url = service.text_of("Namespace"), service.text_of("XAddr")
        if space and url and len(url) <= _MOST_URL and len(found) < _MOST_SERVICES:
            found.setdefault(space[:_MOST_URL], url)
    for name, space in _CATEGORIES.items():
        url = answer.text_of("Capabilities", name, "XAddr")
        if url and len(url) <= _MOST_URL:
            found.setdefault(space, url)
    return found
