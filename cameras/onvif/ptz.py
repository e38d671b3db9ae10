"""PTZ: presets and moves of a camera that has motors. Parsers are pure.

A continuous move always carries a time after which the camera stops by itself, so that a hub that dies in between
leaves no camera turning; that time is short, and whoever holds the button moves again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cameras.onvif.answers import Node
from cameras.onvif.device import PTZ, SCHEMA, plain
from cameras.onvif.media import ask_profiles
from cameras.onvif.session import Question, Session
from cameras.reaching import AskingError, Problem

MOST_MOVE_S = 10.0
"""A camera stops by itself after so long."""

_MOST_PRESETS = 300
_MOST_TOKEN = 64


@dataclass(frozen=True, slots=True)
class Preset:
    """A stored position."""

    token: str
    name: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where a camera looks, in the camera's own measure: -1 to 1 across and down, 0 to 1 for the zoom.

    Attributes:
        pan: None when it does not say.
        tilt: Likewise.
        zoom: Likewise.
        moving: Whether it turns now; None when it does not say.
    """

    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None
    moving: bool | None = None


def parse_presets(answer: Node) -> tuple[Preset, ...]:
    """The answer to GetPresets."""
    found: dict[str, Preset] = {}
    for node in answer.all("Preset"):
        token = node.attributes.get("token", "")
        if token and len(token) <= _MOST_TOKEN and token.isprintable() and len(found) < _MOST_PRESETS:
            found.setdefault(token, Preset(token, plain(node.text_of("Name"))))
    return tuple(found.values())


def parse_position(answer: Node) -> Position:
    """The answer to GetStatus."""
    status = answer.find("PTZStatus") or Node("")
    turned, zoomed = status.find("Position", "PanTilt"), status.find("Position", "Zoom")
    moves = {status.text_of("MoveStatus", name).upper() for name in ("PanTilt", "Zoom")} - {"", "UNKNOWN"}
    return Position(
        pan=_number(turned, "x"),
        tilt=_number(turned, "y"),
        zoom=_number(zoomed, "x"),
        moving="MOVING" in moves if moves else None,
    )


def parse_preset_token(answer: Node) -> str:
    """The answer to SetPreset."""
    return plain(answer.text_of("PresetToken"))


class Turning:
    """The motors of one camera. For one loop."""

    def __init__(self, session: Session, profile: str | None) -> None:
        """Prepare; without a profile the first that has motors is taken."""
        self._session = session
        self._profile = profile

    async def presets(self) -> tuple[Preset, ...]:
        """Its stored positions.

        Raises:
            AskingError: It does not say.
        """
        return parse_presets(await self._ask("GetPresets", ""))

    async def position(self) -> Position:
        """Where it looks.

        Raises:
            AskingError: It does not say.
        """
        return parse_position(await self._ask("GetStatus", ""))

    async def go(self, preset: str) -> None:
        """Go to a stored position.

        Raises:
            AskingError: There is no such, or it will not.
        """
        await self._ask("GotoPreset", _preset(preset))

    async def store(self, name: str, preset: str | None = None) -> str:
        """Store where it looks; in place of `preset` when there is one. Its token.

        Raises:
            AskingError: It will not.
        """
        inside = f"<p:PresetName>{escape(name)}</p:PresetName>" + ("" if preset is None else _preset(preset))
        return parse_preset_token(await self._ask("SetPreset", inside))

    async def remove(self, preset: str) -> None:
        """Forget a stored position.

        Raises:
            AskingError: There is no such, or it will not.
        """
        await self._ask("RemovePreset", _preset(preset))

    async def move(self, *, pan: float, tilt: float, zoom: float, for_s: float) -> None:
        """Turn until told otherwise, `for_s` seconds at most.

        Args:
            pan: -1 to 1, to the right.
            tilt: -1 to 1, upwards.
            zoom: -1 to 1, nearer.
            for_s: More than 0.

        Raises:
            AskingError: It will not.
        """
        turned = f'<t:PanTilt x="{_speed(pan)}" y="{_speed(tilt)}"/>' if pan or tilt else ""
        zoomed = f'<t:Zoom x="{_speed(zoom)}"/>' if zoom else ""
        time = f"<p:Timeout>PT{min(max(for_s, 0.1), MOST_MOVE_S):.1f}S</p:Timeout>"
        await self._ask("ContinuousMove", f'<p:Velocity xmlns:t="{SCHEMA}">{turned}{zoomed}</p:Velocity>{time}')

    async def stop(self) -> None:
        """Stop.

        Raises:
            AskingError: It will not.
        """
        await self._ask("Stop", "<p:PanTilt>true</p:PanTilt><p:Zoom>true</p:Zoom>")

    async def _ask(self, name: str, inside: str) -> Node:
        url = await self._session.service(PTZ)
        if url is None:
            raise AskingError(Problem.UNSUPPORTED, "it has no motors")
        if self._profile is None:
            turning = (profile for profile in await ask_profiles(self._session) if profile.turns)
            found = next(turning, None)
            if found is None:
                raise AskingError(Problem.UNSUPPORTED, "none of its profiles has motors")
            self._profile = found.token
        body = f"<p:ProfileToken>{escape(self._profile)}</p:ProfileToken>{inside}"
        question = Question(f'<p:{name} xmlns:p="{PTZ}">{body}</p:{name}>', f"{PTZ}/{name}")
        return await self._session.ask(url, question)


def _preset(token: str) -> str:
    return f"<p:PresetToken>{escape(token)}</p:PresetToken>"


def _speed(value: float) -> str:
    return f"{min(max(value, -1.0), 1.0):.3f}"


def _number(node: Node | None, name: str) -> float | None:
    try:
        value = float("" if node is None else node.attributes.get(name, "")[:32])
    except ValueError:
        return None
    return value if math.isfinite(value) else None
