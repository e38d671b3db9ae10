"""What there is: areas, sites, cameras with their zones, and sensors. Read from community.yaml, edited through the API.

These models are also the form in which a Revision is stored. Checks that need more than one thing (an area without its
parent, an id that stands twice) live in `config/load.py`, which reports all of them at once.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.secrets import Secret

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Lower-case letters, digits, dot, dash, underscore; it stands in topics, paths and addresses."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A place in a picture as a share of its width or height."""

VIDEO_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
"""What a stream's URL may begin with; anything else could start programs or read what it should not."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
        return list(Level).index(self)


class Ring(enum.StrEnum):
    """Who a Site belongs to."""

    ROAD = "road"
    ENTERPRISE = "enterprise"
    HOUSEHOLD = "household"


class Name(_Part):
    """A name in the two languages; one of them is enough."""

    zh: str | None = None
    en: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"zh": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_empty(self) -> Name:
        if not (self.zh or self.en):
            raise ValueError("a name needs zh or en")
        return self

    def in_language(self, language: str) -> str:
        """The name in `zh` or `en`, or in the other when there is none."""
        return (self.zh or self.en or "") if language == "zh" else (self.en or self.zh or "")


class Area(_Part):
    """A node of the four-level grid."""

    id: Id
    name: Name
    parent: Id | None = None
    """None for the one at the top."""


class Location(_Part):
    """A place on the ground, WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Site(_Part):
    """A place with an owner, in one Area."""

    id: Id
    name: Name
    area: Id | None = None
    ring: Ring = Ring.HOUSEHOLD
    location: Location | None = None
    tags: tuple[str, ...] = ()


class ZoneUse(enum.StrEnum):
    """What a Zone is for; the behaviour that looks at it goes by this."""

    LANE = "lane"
    """Carriageway: vehicles drive here."""
    NO_PARKING = "no_parking"
    """A fire lane or a no-stopping place."""
    GUARDED = "guarded"
    """Nobody should be here while it is armed."""
    IGNORE = "ignore"
    """Nothing in it counts: a screen, a waving tree, a known flame."""


class Zone(_Part):
    """A polygon in one camera's picture."""

    id: Id
    name: Name | None = None
    use: ZoneUse
    points: Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3, max_length=64)]


class Stream(_Part):
    """One encoded feed of a camera."""

    url: Annotated[str, Field(min_length=1, max_length=2048)]
    """rtsp, rtsps, http, https or file; without user and password, which stand beside it."""
    username: str | None = None
    password: Secret | None = None


class Detector(_Part):
    """A detector to run on a camera, by its kind, with its options."""

    kind: str
    options: dict[str, Any] = {}


DEFAULT_DETECTORS = (Detector(kind="objects"), Detector(kind="flame"))


class Camera(_Part):
    """A device at a Site."""

    id: Id
    site: Id
    name: Name | None = None
    main: Stream
    """The large stream; analysed when there is no sub stream."""
    sub: Stream | None = None
    """The small stream, for analysis and overviews."""
    zones: tuple[Zone, ...] = ()
    detectors: tuple[Detector, ...] = DEFAULT_DETECTORS
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, value: Any) -> Any:
        """`url: rtsp://...` is short for `main: {url: ...}`."""
        if isinstance(value, dict) and "url" in value and "main" not in value:
            value = dict(value)
            value["main"] = {"url": value.pop("url")}
        return value

    @property
    def analysed(self) -> Stream:
        """The stream that is analysed."""
        return self.sub or self.main


class Sensor(_Part):
    """An MQTT device at a Site."""

    id: Id
    site: Id
    name: Name | None = None
    format: str = "plain"
    """The payload format, a kind in hub/sensors/payloads/."""
    address: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """How the format knows the device (the friendly name in Zigbee2MQTT); None is the sensor's id."""
    kinds: tuple[str, ...] = ()
    """What it observes (`smoke`, `water_level`); empty takes what it sends."""
    silent_after_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds without a message after which it counts as silent; None when it reports only changes."""
    life_safety: bool = False


class Community(_Part):
    """All of community.yaml."""

    name: Name = Name(zh="社区", en="Community")
    timezone: str = "Asia/Shanghai"
    colours: Literal["national", "four_colour_village"] = "national"
    areas: tuple[Area, ...] = ()
    sites: tuple[Site, ...] = ()
    cameras: tuple[Camera, ...] = ()
    sensors: tuple[Sensor, ...] = ()

    def site(self, site_id: str) -> Site | None:
        """The Site with this id."""
        return next((site for site in self.sites if site.id == site_id), None)

    def camera(self, camera_id: str) -> Camera | None:
        """The Camera with this id."""
        return next((camera for camera in self.cameras if camera.id == camera_id), None)
