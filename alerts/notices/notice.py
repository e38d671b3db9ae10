"""Notice: what one recipient is told of one move of an incident, and how the telling went.

The words between `delivery.py` and the channels in `alerts/notifiers/`, one file each. Whether it makes sense to try
again is part of a channel's answer, for it alone knows what its failure means; what it may be asked to do at all (every
move, nothing twice, a short text) stands in its `traits`.

`PLUGIN.build(options, secret, services)` makes a Notifier from the plugin's options, the recipient's Secret, if there
is one, and what the hub lends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from config.networks import Networks
from hub.clock import Clock, SystemClock
from hub.networks import Allowed, webhooks_allowed

Language = Literal["zh", "en", "both"]
Audience = Literal["notifiers", "speakers"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A notice of the same incident to the same recipient, from before.

    Attributes:
        number: Of its journal entry.
        at: When that move was made.
    """

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """One move of an incident, as one recipient is told of it.

    Attributes:
        number: Of the journal entry: the same at every attempt, so a recipient can tell a repetition.
        at: When it was made.
        move: `opened`, `rose`, `acknowledged`, ...
        who: Account name, or `engine`.
        note: What the person wrote.
        incident: The incident after it, as the API shows it.
        language: In which title and text are written.
        title: One line.
        text: All of it, for a loudspeaker as it is to be spoken.
        key: What must not be repeated within the channel's time for that.
        address: The person's own, for a channel that carries what people are told.
        earlier: What this recipient was told of the incident before, the first one first.
        place: What the place is called, by language.
        position: Latitude and longitude of it, degrees, WGS 84, if they are known.
    """

    number: int
    at: datetime
    move: str
    who: str
    note: str
    incident: Mapping[str, Any]
    language: Language = "zh"
    title: str = ""
    text: str = ""
    key: str = ""
    address: str | None = None
    earlier: tuple[Earlier, ...] = ()
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What a channel is like.

    Attributes:
        audience: Whose words it carries: those to be read, or those to be spoken.
        every_move: It is told of every move of an incident, not only of those that have words.
        moves: It is told of these alone; None leaves it to `every_move`.
        ordered: What comes later waits for what came before; else what is graver goes first.
        once: Marked before it is sent and never sent again when nobody knows whether it arrived, as a voice cannot be
            taken back. Else it is sent again until it was answered.
        dedupe_s: The same key is not told again within this many seconds.
        give_up_after_s: What has not arrived so long after it was decided is given up.
        most_text: Letters of a text; the rest is cut off.
        addressed: It needs an address of a person, so only what people are told goes over it.
    """

    audience: Audience = "notifiers"
    every_move: bool = False
    moves: frozenset[str] | None = None
    ordered: bool = False
    once: bool = False
    dedupe_s: float = 0.0
    give_up_after_s: float = 6 * 3_600.0
    most_text: int = 4_000
    addressed: bool = False


def _nowhere(_topic: str, _payload: bytes, _retain: bool) -> bool:  # noqa: FBT001 - as `Services.publish` is called
    return False


class Publish(Protocol):
    """Sends a message over the hub's own broker."""

    def __call__(self, topic: str, payload: bytes, retain: bool, /) -> bool:  # noqa: FBT001 - positional on purpose
        """Whether the broker took it."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the hub lends to a channel.

    Attributes:
        publish: Sends a message over the hub's own broker.
        clock: What time it is.
        data: The hub's data folder.
        allowed: Where a channel may connect to.
    """

    publish: Publish = _nowhere
    clock: Clock = field(default_factory=SystemClock)
    data: Path = Path("data")
    allowed: Allowed = field(default_factory=lambda: webhooks_allowed(Networks()))


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """It did not arrive, and may at another time.

    Attributes:
        reason: Why not; holds no secret.
        after_s: Not sooner than this, when the recipient said so.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It did not arrive and never will.

    Attributes:
        reason: Why not; holds no secret.
    """

    reason: str


Outcome = Delivered | TryLater | Refused


class Notifier(Protocol):
    """A channel to one recipient. Used by one thread at a time."""

    @property
    def traits(self) -> Traits:
        """What it is like."""

    def send(self, notice: Notice) -> Outcome:
        """Tell it. Blocks for a bounded time and raises nothing that it can foresee."""
