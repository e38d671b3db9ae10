"""What is recorded and for how long, and what is frozen as evidence: parts of community.yaml.

    recording:
      rings:
        road: {keep_days: 15}
      classes:
        shop: {streams: [main], keep_days: 60, most_gb: 200}
    cameras:
      - {id: till, site: shop-3, record: shop, url: "rtsp://..."}
      - {id: bedroom, site: home, record: false, url: "rtsp://..."}

Starting values for one site. A camera goes by its own policy, else by its class, else by the ring of its site.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from config.says import says, write

StreamWord = Literal["main", "sub"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            says(
                "a class is called by lower-case letters, digits, dots, dashes and underscores",
                "录像类别的名称只能用小写字母、数字、点、短横和下划线",
            )
        )
    return name


ClassName = Annotated[str, AfterValidator(_named)]
"""What cameras call a class of recording."""

_OFF_WORDS = ("false", "off", "no")
"""YAML 1.2 takes the last two for text; who writes them means what he writes."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Policy(_Part):
    """What of a camera is recorded, and how long it is kept."""

    streams: Annotated[tuple[StreamWord, ...], Field(max_length=2)] = ("main", "sub")
    """Of those that the camera has; empty for none."""
    keep_days: Annotated[float, Field(gt=0, le=3650)] = 30
    """The oldest goes then."""
    keep_events_days: Annotated[float, Field(gt=0, le=3650)] = 90
    """What shows an incident is kept so long, but never shorter than the rest."""
    most_gb: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """10^9 bytes that one camera may take up; None leaves it to the disks."""

    def resolved(self, *, has_sub: bool) -> Policy:
        """As it holds for a camera: each of its streams once, and times that go together."""
        streams: tuple[StreamWord, ...] = ("main", "sub") if has_sub else ("main",)
        return self.model_copy(
            update={
                "streams": tuple(stream for stream in streams if stream in self.streams),
                "keep_events_days": max(self.keep_days, self.keep_events_days),
            }
        )


class RingPolicies(_Part):
    """What holds for the cameras of each ring, when nothing else is said of them."""

    road: Policy = Policy()
    """Cameras on roads and at junctions."""
    enterprise: Policy = Policy()
    """Cameras of enterprises and institutions."""
    household: Policy = Policy()
    """Cameras of homes."""

    def of(self, ring: str) -> Policy:
        """The policy of one of the three."""
        policy: Policy = getattr(self, ring)
        return policy


class Recording(_Part):
    """How cameras are recorded."""

    rings: RingPolicies = RingPolicies()
    """By the ring of their site."""
    classes: Annotated[dict[ClassName, Policy], Field(max_length=64)] = {}
    """By name, for cameras that ask for one."""

    def policy_of(self, record: Policy | str | Literal[False] | None, *, ring: str, has_sub: bool) -> Policy:
        """What holds for a camera: its own, its class's, or its ring's.

        Args:
            record: As it stands in the camera; a class that is not there, as in a Revision of old, is passed over.
            ring: Of its site.
            has_sub: Whether it has a sub stream.
        """
        if record is False:
            return self.rings.of(ring).model_copy(update={"streams": ()}).resolved(has_sub=has_sub)
        own = record if isinstance(record, Policy) else self.classes.get(record) if record is not None else None
        return (own or self.rings.of(ring)).resolved(has_sub=has_sub)


def _form(value: object) -> str:
    """Which way of writing it this is."""
    if isinstance(value, (dict, Policy)):
        return "policy"
    return "off" if _off(value) is False else "class"


def _off(value: Any) -> Any:
    return False if isinstance(value, str) and value in _OFF_WORDS else value


Record = Annotated[
    Annotated[Policy, Tag("policy")]
    | Annotated[ClassName, Tag("class")]
    | Annotated[Literal[False], BeforeValidator(_off), Tag("off")],
    Discriminator(_form),
]
"""A policy of its own, the name of a class, or false."""


RECORD_FORMS = write(
    "false, the name of a class of recording, or {streams: [main], keep_days: 30}",
    "false、录像类别的名称，或 {streams: [main], keep_days: 30}",
)
"""How people write it, for messages."""


class Evidence(_Part):
    """What is copied beside an incident and kept until somebody releases it by name."""

    before_s: Annotated[float, Field(ge=0, le=600)] = 10
    """From so long before it."""
    after_s: Annotated[float, Field(ge=0, le=600)] = 20
    """Until so long after its last alert."""
    cameras: Literal["area", "site", "camera"] = "area"
    """Whose pictures: all cameras of its area, those of its site, or only the one that saw it."""
    at_least: Literal["green", "blue", "yellow", "orange", "red"] = "yellow"
    """Incidents below this level leave none."""


STARTING_RECORDING = Recording()
STARTING_EVIDENCE = Evidence()
