"""What there is: areas, sites, cameras with their zones, and sensors. Read from community.yaml, edited through the API.

These models are also the form in which a Revision is stored, so they hold only what every stored one fulfils, the
shape. What is acceptable beyond that (an area without its parent, an id that stands twice, a refused address) is
checked in `config/check.py` before a Community is accepted, all of it at once.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from config.account_names import AccountName
from config.analysing import Analyse
from config.calendars import CalendarDays, CalendarName, Dates
from config.floor_plan import FloorPlan
from config.grid import Duty
from config.handling import STARTING, Deadlines
from config.hours import ClockHours
from config.onvif import ONVIF_FORM, Onvif
from config.phones import PhoneNumber, Phones
from config.phrases import SIDE_BY_SIDE
from config.plates import HeldPlates, PlateList, held
from config.recording import RECORD_FORMS, STARTING_EVIDENCE, STARTING_RECORDING, Evidence, Policy, Record, Recording
from config.reporting import STARTING_REPORTS, STARTING_THANKS, Reporting, Thanks
from config.says import says, write
from config.secrets import Secret
from config.shifts import THREE_SHIFTS, Shift
from config.terms import Id, Location, Name, ProbeName
from config.url_credentials import shown, taken_apart
from config.zones import Ground, Line, Zone, ZoneClass, ZoneUse

__all__ = [
    "DEFAULT_DETECTORS",
    "VIDEO_SCHEMES",
    "Area",
    "Camera",
    "ClockHours",
    "Community",
    "Contact",
    "ContactChannel",
    "Detector",
    "FloorPlan",
    "Ground",
    "Id",
    "Level",
    "Line",
    "Location",
    "Name",
    "Notifier",
    "Onvif",
    "ProbeName",
    "Ring",
    "Sensor",
    "Site",
    "SiteId",
    "Stream",
    "Zone",
    "ZoneClass",
    "ZoneUse",
]

SiteId = Annotated[Id, Field(json_schema_extra=write("the id of a site", "场所的 id"))]
"""Which Site a thing belongs to."""

VIDEO_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
"""What a stream's URL may begin with; anything else could start programs or read what it should not."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Level(enum.StrEnum):
    """Five ordered levels; a site profile maps them to the colours that are shown."""

    INFO = "green"
    NOTICE = "blue"
    WARNING = "yellow"
    SERIOUS = "orange"
    CRITICAL = "red"

    @property
    def rank(self) -> int:
        """0 for green to 4 for red."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Ring(enum.StrEnum):
    """Who a Site belongs to."""

    ROAD = "road"
    ENTERPRISE = "enterprise"
    HOUSEHOLD = "household"


class Area(_Part):
    """A node of the four-level grid."""

    id: Id
    name: Name
    parent: Annotated[Id, Field(json_schema_extra=write("the id of an area", "区域的 id"))] | None = None
    """None for the one at the top."""
    outline: Annotated[tuple[Location, ...], Field(max_length=2000)] = ()
    """Its border for the map, corner after corner; empty: not drawn."""
    plan: FloorPlan | None = None
    """A picture of it from above, for the map."""


class Site(_Part):
    """A place with an owner, in one Area."""

    id: Id
    name: Name
    area: Annotated[Id, Field(json_schema_extra=write("the id of an area", "区域的 id"))] | None = None
    ring: Ring = Ring.HOUSEHOLD
    location: Location | None = None
    tags: tuple[str, ...] = ()
    phones: Phones = ()


class Stream(_Part):
    """One encoded feed of a camera; user and password in its URL are taken out and kept beside it."""

    model_config = ConfigDict(json_schema_extra=write("{url: rtsp://host/path}", "{url: rtsp://host/path}"))

    url: Annotated[str, Field(min_length=1, max_length=2048, repr=False)]  # its query may hold a token
    """rtsp, rtsps, http, https or file; without user and password, which stand beside it."""
    username: str | None = None
    password: Secret | None = None
    insecure: bool = False
    """Over TLS: whatever certificate the device shows is taken, so anybody in between may be the device."""

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, value: Any, info: ValidationInfo) -> Any:
        """Credentials out of the URL, percent-decoded; a relative `file:` address from the folder of its file."""
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(url, str):
            return value
        if url.startswith("file:"):
            folder: Path | None = (info.context or {}).get("folder")
            if folder and not url.startswith("file:/"):
                return {**value, "url": (folder.absolute() / unquote(url.removeprefix("file:"))).as_uri()}
            return value
        return taken_apart(value)

    @field_validator("url")
    @classmethod
    def _one_line(cls, url: str) -> str:
        if any(ord(character) < ord(" ") or character == "\x7f" for character in url):
            raise ValueError(says("holds a control character; write the address alone", "含有控制字符；请只写地址"))
        return url

    @property
    def file(self) -> Path | None:
        """The video file of a `file:` address; None for every other."""
        return Path(unquote(urlsplit(self.url).path)) if self.url.startswith("file:") else None

    @property
    def shown_url(self) -> str:
        """The URL for people to see: values of `password=`, `token=` and the like in it are `***`."""
        return shown(self.url)


_RENAMED = {"flame": "fire"}
"""Kinds of detectors by the names that they once had: settings that are at work must not stop a start."""


class Detector(_Part):
    """A detector to run on a camera, by its kind, with its options; its kind alone is enough."""

    model_config = ConfigDict(
        json_schema_extra=write("its kind, or {kind: ..., options: {...}}", "它的种类，或 {kind: ..., options: {...}}")
    )

    kind: str
    options: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("kind")
    @classmethod
    def _today(cls, kind: str) -> str:
        """`flame` found flames alone, and is part of `fire` now."""
        return _RENAMED.get(kind, kind)


_SHORT_MAIN = ("url", "username", "password")
DEFAULT_DETECTORS = (Detector(kind="objects"), Detector(kind="fire"))


class Camera(_Part):
    """A device at a Site; `url`, `username`, `password` right in it are short for `main` with them."""

    model_config = ConfigDict(json_schema_extra={"x-short": list(_SHORT_MAIN)})

    id: Id
    site: SiteId
    name: Name | None = None
    location: Location | None = None
    """Where it stands; None is where its site is."""
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    """Where it looks, clockwise from north, for the map; None: not said."""
    view_deg: Annotated[float, Field(gt=0, le=360)] | None = None
    """How wide it sees; None: not said."""
    main: Stream
    """The large stream; analysed when there is no sub stream."""
    sub: Stream | None = None
    """The small stream, for analysis and overviews."""
    onvif: Annotated[Onvif, Field(json_schema_extra=ONVIF_FORM)] | None = None
    """How it is asked what it notices itself, and turned; None: not at all."""
    zones: tuple[Zone, ...] = ()
    lines: Annotated[tuple[Line, ...], Field(max_length=32)] = ()
    ground: Ground | None = None
    detectors: tuple[Detector, ...] = DEFAULT_DETECTORS
    record: Annotated[Record, Field(json_schema_extra=RECORD_FORMS)] | None = None
    """How it is recorded; None is as the ring of its site."""
    view: Annotated[int, Field(ge=0)] = 0
    """Goes up by one whenever somebody confirms that it looks where it is to look: its usual view is learned anew."""
    behaviours: dict[str, dict[str, Any]] = {}
    """Options of what looks at how things behave, by its kind; what is left out has its defaults."""
    analyse: Analyse = Analyse.ALL
    """How much of its pictures programs may look for; less where the household decided so."""
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, value: Any) -> Any:
        """`url: rtsp://...` is short for `main: {url: ...}`."""
        if isinstance(value, dict) and "url" in value:
            if "main" in value:
                raise ValueError(SIDE_BY_SIDE)
            value = dict(value)
            value["main"] = {key: value.pop(key) for key in _SHORT_MAIN if key in value}
        return value

    @property
    def analysed(self) -> Stream:
        """The stream that is analysed."""
        return self.sub or self.main


class Sensor(_Part):
    """An MQTT device at a Site."""

    id: Id
    site: SiteId
    name: Name | None = None
    location: Location | None = None
    """Where it is; None is where its site is."""
    format: str = "plain"
    """The payload format, a kind in hub/sensors/payloads/."""
    address: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """How the format knows the device (the friendly name in Zigbee2MQTT); None is the sensor's id."""
    kinds: tuple[str, ...] = ()
    """What it observes (`smoke`, `water_level`); empty takes what it sends."""
    silent_after_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds without a message after which it counts as silent; None learns its own interval."""
    gateway: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """Through which it speaks, as `gateway.health` names it; None is what its format knows."""
    life_safety: bool = False
    options: dict[str, Any] = {}
    """Options of its format: what the device cannot say of itself."""
    probes: Annotated[dict[str, ProbeName], Field(max_length=64)] = {}
    """Its parts by their names on the wire (`DS18B20-2`, `switch:1`), and what they are called here."""


class Notifier(_Part):
    """Somebody or something outside that is told of incidents, or the way to what people carry."""

    id: Id
    kind: str
    """The channel, a kind in alerts/notifiers/."""
    options: dict[str, Any] = {}
    secret: Secret | None = None
    """The password or key of the channel."""
    people: bool = False
    """It carries only what single persons are told, each at an address of his own."""
    at_least: Level = Level.NOTICE
    """Incidents below this level are not told."""
    language: Literal["zh", "en", "both"] = "zh"
    areas: tuple[Id, ...] = ()
    """Only incidents in these areas and below; empty: everywhere."""
    kinds: tuple[str, ...] = ()
    """Only alerts of these kinds or families (`fire`); empty: all."""
    moves: tuple[str, ...] = ()
    """Only these moves; empty: what its channel is for."""
    hours: ClockHours = ()
    """Told only then; left out: always."""
    quiet: ClockHours = ()
    """Only red is told then."""


class ContactChannel(_Part):
    """One way to reach a person: a notifier for people, and the person's address there."""

    via: Annotated[
        Id,
        Field(json_schema_extra=write("the id of a notifier with `people: true`", "带 `people: true` 的通知渠道的 id")),
    ]
    address: Annotated[str, Field(min_length=1, max_length=256)]


class Contact(_Part):
    """How the person of an account is told what is his."""

    account: AccountName
    """Name of the account by which that person signs in; large and small letters are the same."""
    phone: PhoneNumber | None = None
    """Number of the person, for who handles or is sent to an incident that concerns the person."""
    language: Literal["zh", "en", "both"] = "zh"
    channels: Annotated[tuple[ContactChannel, ...], Field(max_length=8)] = ()
    sites: tuple[SiteId, ...] = ()
    """Where the person lives: told when what guards lives there is out of service."""
    at_least: Level = Level.NOTICE
    """Incidents below this level are not told."""
    hours: ClockHours = ()
    """Told only then, but red at any time; left out: always."""


class Community(_Part):
    """All of community.yaml."""

    name: Name = Name(zh="社区", en="Community")
    timezone: str = "Asia/Shanghai"
    calendars: dict[CalendarName, Annotated[tuple[CalendarDays, ...], Field(max_length=1000)]] = {}
    """Days by name, for hours and days in rules."""
    colours: Literal["national", "four_colour_village"] = "national"
    deadlines: Deadlines = STARTING
    """How long people may take before somebody else is told."""
    arrival_within_m: Annotated[float, Field(gt=0, le=5_000)] = 150
    """Who was sent has arrived when his position is no further from the camera or site than this."""
    recording: Recording = STARTING_RECORDING
    """What of the cameras is recorded and how long it is kept."""
    evidence: Evidence = STARTING_EVIDENCE
    """What is frozen of the recordings when there is an incident."""
    phones: Phones = ()
    areas: tuple[Area, ...] = ()
    sites: tuple[Site, ...] = ()
    cameras: tuple[Camera, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    plate_lists: tuple[PlateList, ...] = ()
    """Vehicles that are looked for, and those that belong here."""
    notifiers: tuple[Notifier, ...] = ()
    contacts: tuple[Contact, ...] = ()
    """How people are told what is theirs; what they choose themselves counts more."""
    reporting: Reporting = STARTING_REPORTS
    """How reports of people are taken."""
    thanks: Thanks = STARTING_THANKS
    """What gives points."""
    duties: tuple[Duty, ...] = ()
    """Who answers for which area, and when."""
    shifts: Annotated[tuple[Shift, ...], Field(min_length=1, max_length=12)] = THREE_SHIFTS
    """Those of the monitoring room, for its reports."""

    def site(self, site_id: str) -> Site | None:
        """The Site with this id."""
        return next((site for site in self.sites if site.id == site_id), None)

    def camera(self, camera_id: str) -> Camera | None:
        """The Camera with this id."""
        return next((camera for camera in self.cameras if camera.id == camera_id), None)

    def plates_for(self, camera: Camera) -> tuple[HeldPlates, ...]:
        """The lists that a camera compares with what it reads: all, when it reads plates."""
        reads = any(detector.kind == "plates" for detector in camera.detectors)
        return held(self.plate_lists, self.timezone) if reads else ()

    def dates_for(self, camera: Camera) -> Dates | None:
        """By what the hours of a camera's zones go; None when none of them has any."""
        hours = [each for zone in camera.zones for each in zone.hours]
        if not hours:
            return None
        asked = {name for each in hours for name in each.calendar}
        asked |= {"holiday"} if "workday" in asked else set()
        calendars = {name: days for name, days in self.calendars.items() if name in asked}
        return Dates(timezone=self.timezone, calendars=calendars)

    @property
    def dates(self) -> Dates:
        """By what hours and days go here."""
        return Dates(timezone=self.timezone, calendars=self.calendars)

    def policy_of(self, camera: Camera) -> Policy:
        """What of a camera is recorded and how long it is kept, with streams that it has."""
        site = self.site(camera.site)
        ring = Ring.HOUSEHOLD if site is None else site.ring
        return self.recording.policy_of(camera.record, ring=ring.value, has_sub=camera.sub is not None)
