"""Drawing: a clip with everything drawn into it that the analysis saw and said, and a strip of its telling moments.

Beside the picture stand the labels of the moment, the states that Events told of with the numbers that spoke for each,
and the alerts that the room would have got, so that a person can see a mistake and why it was made.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from alerts.alert import Raised, Reactivated, Rose
from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, load_rules
from benchmarks.accuracy.labels import Clip
from benchmarks.accuracy.running import arming, seconds
from benchmarks.accuracy.settings import Settings
from cameras.vision.analysis import Analysis
from cameras.vision.decoding import Frame
from config.community import Camera, Community
from config.zones import Zone
from hub.events import Event, Phase
from hub.geometry import Box

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

_PICTURE_PX: Final = 720
_PANEL_PX: Final = 440
_LEAST_HEIGHT_PX: Final = 420
_LINE_PX: Final = 16
_CHARACTERS: Final = 66
_TICK: Final = Fraction(1, 1000)
_COLUMNS: Final = 2
_TEXT_SIZE: Final = 0.42
_STRIP: Final = 12
"""Pictures of a strip."""
_ALERT_S: Final = 15.0
"""How long an alert stays written."""

_WHITE: Final[Colour] = (235, 235, 235)
_GREY: Final[Colour] = (150, 150, 150)
_LABEL: Final[Colour] = (120, 220, 120)
_ZONE: Final[Colour] = (200, 160, 60)
_ALERT: Final[Colour] = (40, 90, 255)
_KINDS: Final[Mapping[str, Colour]] = {
    "camera.person": (90, 220, 90),
    "camera.vehicle": (230, 190, 60),
    "camera.animal": (200, 120, 220),
    "camera.mover": (160, 160, 160),
}
_OTHER: Final[Colour] = (60, 150, 255)


@dataclass(frozen=True, slots=True)
class Draw:
    """Puts a Drawn around the analysis of a clip.

    Attributes:
        folder: Where clips and strips go.
        settings: As in the run.
    """

    folder: Path
    settings: Settings

    def __call__(self, analysis: Analysis, clip: Clip, community: Community) -> Drawn:
        """As `running.Wrap`."""
        return Drawn(analysis, clip, community, self)


class Drawn:
    """An analysis of which everything is drawn."""

    def __init__(self, analysis: Analysis, clip: Clip, community: Community, draw: Draw) -> None:
        self._analysis = analysis
        self._clip = clip
        self._camera: Camera = community.cameras[0]
        self._folder = draw.folder
        self._engine = Engine(load_rules(SHIPPED), places_of(community))
        self._engine.handle(arming(community, armed=draw.settings.armed(clip)))
        self._states: dict[str, Event] = {}
        self._alerts: list[tuple[float, str]] = []
        self._film: _Film | None = None
        self._strip: list[tuple[int, float, Picture]] = []
        self._last: Frame | None = None

    @property
    def moving(self) -> bool:
        """As `Analysis.moving`."""
        return self._analysis.moving

    @property
    def troubles(self) -> Mapping[str, str]:
        """As `Analysis.troubles`."""
        return self._analysis.troubles

    def feed(self, frame: Frame) -> list[Event]:
        """As `Analysis.feed`."""
        events = self._analysis.feed(frame)
        told = self._take(events, frame.at)
        picture = self._draw(frame)
        if self._film is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._film = _Film(self._folder / f"{self._clip.path.stem}.mp4", picture)
        self._film.add(picture, frame.pts_s)
        self._strip.append((2 * told + any(one.phase is Phase.BEGAN for one in events), frame.pts_s, picture))
        self._thin()
        self._last = frame
        return events

    def reset(self, at: datetime) -> list[Event]:
        """As `Analysis.reset`; a clip is over then."""
        events = self._analysis.reset(at)
        self._take(events, at)
        if self._film is not None:
            self._film.close()
            self._film = None
            strip = [picture for _, _, picture in _chosen(self._strip)]
            cv2.imwrite(
                str(self._folder / f"{self._clip.path.stem}.jpg"), _sheet(strip), [cv2.IMWRITE_JPEG_QUALITY, 88]
            )
        return events

    def _take(self, events: Iterable[Event], at: datetime) -> bool:
        """Keep what was told; whether an alert was raised."""
        changes = []
        for event in events:
            changes += self._engine.handle(event)
            if event.phase is Phase.ENDED:
                self._states.pop(event.stream, None)
            elif event.phase is not Phase.MOMENT:
                self._states[event.stream] = event
        changes += self._engine.advance(at)
        raised = [
            change.alert
            for change in changes
            if isinstance(change, Raised | Reactivated | Rose) and not change.alert.shadow
        ]
        self._alerts += [(seconds(at), f"{one.level.value.upper()} {one.kind}: {one.text.en}") for one in raised]
        return bool(raised)

    def _thin(self) -> None:
        """A strip of hours would fill the memory: keep what was told and some of the rest."""
        if len(self._strip) > 4 * _STRIP:
            self._strip = _chosen(self._strip, 2 * _STRIP)

    def _draw(self, frame: Frame) -> Picture:
        height, width = frame.image.shape[:2]
        scale = _PICTURE_PX / width
        size = (_PICTURE_PX, round(height * scale) // 2 * 2)
        picture = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
        for zone in self._camera.zones:
            _draw_zone(picture, zone)
        for line in self._camera.lines:
            points = np.round(np.array(line.points) * size).astype(np.int32)
            cv2.polylines(picture, [points], isClosed=False, color=_ZONE, thickness=2, lineType=cv2.LINE_AA)
        for kind, found in self._analysis.found.items():
            for one in found:
                if one.box.area < 1:
                    _draw_box(picture, one.box, f"{kind} {one.label} {one.score:.2f}", _OTHER, thin=True)
        for watched in self._analysis.watched:
            track = watched.track
            colour = _KINDS.get(watched.kind, _OTHER)
            stands = " stands" if watched.stopped else ""
            if frame.pts_s - track.seen_s < 1.0:
                _draw_box(picture, track.box, f"{track.id[-4:]} {track.label} {track.score:.2f}{stands}", colour)
        for event in self._states.values():
            if event.box is not None and event.box.area < 1 and event.kind not in _KINDS:
                _draw_box(picture, event.box, event.kind, _ALERT)
        return _beside(picture, self._lines(seconds(frame.at)))

    def _lines(self, at_s: float) -> list[tuple[str, Colour]]:
        lines: list[tuple[str, Colour]] = [(f"{self._clip.name}   {at_s:7.2f} s", _WHITE)]
        labels = [
            label
            for label, spans in self._clip.spans.items()
            if any(span.start_s <= at_s <= span.end_s for span in spans)
        ]
        lines.append((f"labelled: {', '.join(labels) or '-'}", _LABEL))
        for when_s, text in self._alerts[-6:]:
            if at_s - when_s <= _ALERT_S:
                lines += [(each, _ALERT) for each in textwrap.wrap(f"ALERT {when_s:.1f} s {text}", _CHARACTERS)]
        followed = [event for event in self._states.values() if event.kind in _KINDS]
        for event in self._states.values():
            if event.kind not in _KINDS:
                lines += _state_lines(event)
        for event in followed:
            lines += _state_lines(event)
        for kind, why in self._analysis.troubles.items():
            lines.append((f"{kind}: {why}"[:_CHARACTERS], _GREY))
        return lines


class _Film:
    """A video file that is being written."""

    def __init__(self, path: Path, first: Picture) -> None:
        self._container = av.open(str(path), "w")
        self._stream = self._container.add_stream("libx264", rate=8)
        self._stream.height, self._stream.width = first.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _TICK
        self._stream.codec_context.thread_count = 1
        self._stream.options = {"preset": "veryfast", "crf": "27", "bf": "0"}
        self._last_ms = -1

    def add(self, picture: Picture, at_s: float) -> None:
        at_ms = round(at_s * 1000)
        if at_ms <= self._last_ms:
            return
        self._last_ms = at_ms
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = at_ms, _TICK
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def _state_lines(event: Event) -> list[tuple[str, Colour]]:
    sure = "" if event.confidence is None else f" {event.confidence:.2f}"
    name = f"{event.kind.removeprefix('camera.')}{sure} {(event.subject or '')[-4:]}"
    numbers = " ".join(f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}"
                       for key, value in event.fields.items())  # fmt: skip
    wrapped = textwrap.wrap(f"{name}: {numbers}", _CHARACTERS, subsequent_indent="   ")
    return [(each, _KINDS.get(event.kind, _OTHER)) for each in wrapped]


def _chosen(strip: Sequence[tuple[int, float, Picture]], most: int = _STRIP) -> list[tuple[int, float, Picture]]:
    """The telling moments, and of the others some that lie evenly between."""
    telling = sorted(strip, key=lambda one: -one[0])[: most * 2 // 3]
    telling = [one for one in telling if one[0] > 0]
    plain = [one for one in strip if one[0] == 0]
    step = max(1, -(-len(plain) // max(1, most - len(telling))))
    return sorted((*telling, *plain[::step]), key=lambda one: one[1])[:most]


def _sheet(pictures: Sequence[Picture]) -> Picture:
    """Pictures in rows."""
    small = [cv2.resize(each, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA) for each in pictures]
    while len(small) % _COLUMNS:
        small.append(np.zeros_like(small[0]))
    rows = [np.hstack(small[at : at + _COLUMNS]) for at in range(0, len(small), _COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def _draw_zone(picture: Picture, zone: Zone) -> None:
    height, width = picture.shape[:2]
    points = np.round(np.array(zone.points) * (width, height)).astype(np.int32)
    cv2.polylines(picture, [points], isClosed=True, color=_ZONE, thickness=1, lineType=cv2.LINE_AA)
    _write(picture, f"{zone.id} ({zone.use.value})", (int(points[0][0]) + 3, int(points[0][1]) + 12), _ZONE)


def _draw_box(picture: Picture, box: Box, text: str, colour: Colour, *, thin: bool = False) -> None:
    height, width = picture.shape[:2]
    left, top = round(box.x * width), round(box.y * height)
    right, bottom = round((box.x + box.w) * width), round((box.y + box.h) * height)
    cv2.rectangle(picture, (left, top), (right, bottom), colour, 1 if thin else 2)
    _write(picture, text, (left + 2, max(11, top - 4) if not thin else min(height - 3, bottom + 11)), colour)


def _write(picture: Picture, text: str, place: tuple[int, int], colour: Colour) -> None:
    plain = text.encode("ascii", "replace").decode()
    shadow = (place[0] + 1, place[1] + 1)
    cv2.putText(picture, plain, shadow, cv2.FONT_HERSHEY_SIMPLEX, _TEXT_SIZE, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, plain, place, cv2.FONT_HERSHEY_SIMPLEX, _TEXT_SIZE, colour, 1, cv2.LINE_AA)


def _beside(picture: Picture, lines: Sequence[tuple[str, Colour]]) -> Picture:
    """The picture with lines of text to its right."""
    height = max(picture.shape[0], _LEAST_HEIGHT_PX)
    whole = np.full((height, picture.shape[1] + _PANEL_PX, 3), 24, np.uint8)
    whole[: picture.shape[0], : picture.shape[1]] = picture
    for number, (text, colour) in enumerate(lines[: height // _LINE_PX - 1]):
        _write(whole, text, (picture.shape[1] + 8, (number + 1) * _LINE_PX), colour)
    return whole
