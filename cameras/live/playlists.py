"""Live playlists: a sliding window of short segments of a live stream, for players that take HLS (RFC 8216).

Each account has windows of its own, which end when it signs out. A window is made of the same pictures that go to
watchers, is there while somebody asks for it, and begins with the cached group of pictures, so that a player has
something at once. Segments are about a second long and may begin between key pictures; those of one window follow each
other, and where they do not, a discontinuity stands. Must not load PyAV or OpenCV.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cameras.live.watching import TooManyWatchersError, Watching
from cameras.live.wire import Ask, Begins, Item, Part
from cameras.recordings.media import VIDEO_TICKS
from hub.clock import Clock
from hub.errors import HubError, NoPlaceError, NotFoundError
from hub.fair_share import FairShare, Guest, Share

logger = logging.getLogger(__name__)

SEGMENT_S: Final = 1.0
"""A player is some segments behind; much shorter ones would cost it more requests than a phone's network likes."""

SHOWN: Final = 8
"""Segments in the playlist."""

KEPT: Final = 12
"""Segments that can be fetched: a player may still ask for what it read a moment ago."""

MOST_BYTES: Final = 32 * 1024 * 1024
ROOM: Final = Share(most=48, each=24)
RESIDENTS: Final = Share(most=16, each=4)
"""Windows, beside the room's; each has a place among those who watch, too."""
_RETRY_AFTER_S: Final = 10
IDLE_S: Final = 12.0
_LOOK_EVERY_S: Final = 1.0
_FIRST_WITHIN_S: Final = 6.0
_TARGET_S: Final = 2


class NothingToPlayError(HubError):
    """The stream does not come now; says why in one word."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A second of a stream.

    Attributes:
        number: Counted from 0.
        init: Number of the init that it needs.
        duration_s: How long it is shown.
        at_ms: When its first picture was received, milliseconds since 1970, UTC.
        follows_on: Whether it follows on the one before.
        data: Its fragments.
    """

    number: int
    init: int
    duration_s: float
    at_ms: int
    follows_on: bool
    data: bytes


@dataclass(slots=True)
class Window:
    """The newest segments of one stream. Not for several threads."""

    segments: deque[LiveSegment] = field(default_factory=deque)
    inits: dict[int, bytes] = field(default_factory=dict)
    paused: str | None = "connecting"
    held_bytes: int = 0
    _building: list[Part] = field(default_factory=list)
    _cached: int = -1
    _follows_on: bool = True
    _numbered: int = 0
    _begun: int = 0
    _breaks_gone: int = 0

    def put(self, item: Item) -> None:
        """Take the next item of the stream."""
        match item:
            case Part():
                # A player that waits gets what was cached, as short as it is; the next picture says how long it is.
                self._put_part(item, hurry=self._cached == 0 and not self.segments)
                self._cached -= 1
            case Begins():
                self._break()
                self._cached = item.cached or -1
                self.paused = None
                self.inits[self._begun] = item.init
                self._begun += 1
            case _:
                self._break()
                self.paused = getattr(item, "because", self.paused)

    def playlist(self, address: Callable[[str], str]) -> str:
        """The playlist of now; `address` makes the address of a part from its name."""
        shown = list(self.segments)[-SHOWN:]
        hidden = len(self.segments) - len(shown)
        breaks = self._breaks_gone + sum(not each.follows_on for each in list(self.segments)[:hidden])
        longest_s = max((each.duration_s for each in shown), default=0.0)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{max(_TARGET_S, math.ceil(longest_s))}",
            f"#EXT-X-MEDIA-SEQUENCE:{shown[0].number if shown else self._numbered}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{breaks}",
        ]
        init = None
        for each in shown:
            if not each.follows_on:
                lines.append("#EXT-X-DISCONTINUITY")
            if each.init != init:
                init = each.init
                lines.append(f'#EXT-X-MAP:URI="{address(f"init-{init}.mp4")}"')
            at = datetime.fromtimestamp(each.at_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
            lines += [
                f"#EXT-X-PROGRAM-DATE-TIME:{at.replace('+00:00', 'Z')}",
                f"#EXTINF:{each.duration_s:.3f},",
                address(f"{each.number}.m4s"),
            ]
        return "\n".join(lines) + "\n"

    def part(self, name: str) -> bytes:
        """What `playlist` names.

        Raises:
            NotFoundError: There is none of this name, or it is too old.
        """
        for each in self.segments:
            if name == f"{each.number}.m4s":
                return each.data
        for number, init in self.inits.items():
            if name == f"init-{number}.mp4":
                return init
        raise NotFoundError(f"no part {name!r} of this stream is kept any more")

    def _put_part(self, part: Part, *, hurry: bool) -> None:
        if self._building:
            long_s = (part.dts - self._building[0].dts) / VIDEO_TICKS
            if hurry or long_s >= SEGMENT_S or (part.is_key and long_s >= SEGMENT_S / 2):
                self._close(long_s)
        self._building.append(part)

    def _break(self) -> None:
        if self._building:
            first, last = self._building[0], self._building[-1]
            step = (last.dts - first.dts) / max(1, len(self._building) - 1) or VIDEO_TICKS / 25
            self._close((last.dts + step - first.dts) / VIDEO_TICKS)
        self._follows_on = self._numbered == 0

    def _close(self, duration_s: float) -> None:
        data = b"".join(part.data for part in self._building)
        at_ms = self._building[0].at_ms
        self.segments.append(LiveSegment(self._numbered, self._begun - 1, duration_s, at_ms, self._follows_on, data))
        self._building = []
        self._numbered += 1
        self._follows_on = True
        self.held_bytes += len(data)
        while len(self.segments) > KEPT or (self.held_bytes > MOST_BYTES and len(self.segments) > 1):
            gone = self.segments.popleft()
            self.held_bytes -= len(gone.data)
            self._breaks_gone += not gone.follows_on
        for number in [number for number in self.inits if number < self.segments[0].init]:
            del self.inits[number]


class _Running:
    """A window that is kept filled while somebody asks for it."""

    def __init__(self, guest: Guest, ask: Ask, windows: LiveWindows) -> None:
        self.window = Window()
        self.asked_s = windows.clock.monotonic_s()
        self.changed = asyncio.Condition()
        self.ended: str | None = None
        self._refused: TooManyWatchersError | None = None
        running = self._run(guest, ask, windows)
        self.task = asyncio.get_running_loop().create_task(running, name=f"window-{ask.camera}")

    async def first(self) -> None:
        """Wait for the first segment.

        Raises:
            NothingToPlayError: None came in time.
            TooManyWatchersError: There is no place among those who watch.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_WITHIN_S), self.changed:
                await self.changed.wait_for(lambda: self.window.segments or self.ended)
        if self._refused is not None:
            raise self._refused
        if not self.window.segments:
            raise NothingToPlayError(self.ended or self.window.paused or "no_picture")

    async def _run(self, guest: Guest, ask: Ask, windows: LiveWindows) -> None:
        try:
            async with windows.watching.watch(ask.camera, ask.stream, sound=ask.sound, guest=guest) as watcher:
                while windows.clock.monotonic_s() - self.asked_s < IDLE_S and watcher.dismissed is None:
                    item = await watcher.take(_LOOK_EVERY_S)
                    if item is not None:
                        self.window.put(item)
                        async with self.changed:
                            self.changed.notify_all()
                self.ended = watcher.dismissed or "idle"
        except TooManyWatchersError as error:
            self._refused, self.ended = error, "too_many"
        except Exception:
            logger.exception("a live window failed", extra={"camera": ask.camera})
            self.ended = "failed"
        finally:
            windows.forget(guest, ask, self)
            async with self.changed:
                self.changed.notify_all()


class LiveWindows:
    """The windows of a hub, in the event loop that serves HTTP."""

    def __init__(self, watching: Watching, clock: Clock) -> None:
        self.watching = watching
        self.clock = clock
        self._places = FairShare(room=ROOM, residents=RESIDENTS, retry_after_s=_RETRY_AFTER_S)
        self._running: dict[tuple[Guest, Ask], _Running] = {}

    async def window(self, guest: Guest, ask: Ask) -> Window:
        """Somebody's window of a stream, with at least one segment in it.

        Raises:
            NothingToPlayError: The stream does not come now.
            TooManyWatchersError: There are too many windows, or he has too many.
        """
        running = self._running.get((guest, ask))
        if running is None:
            try:
                self._places.take(guest)
            except NoPlaceError as error:
                raise TooManyWatchersError(f"playlists: {error}", retry_after_s=error.retry_after_s) from error
            running = self._running[guest, ask] = _Running(guest, ask, self)
        running.asked_s = self.clock.monotonic_s()
        await running.first()
        return running.window

    def known(self, guest: Guest, ask: Ask) -> Window:
        """The window of a stream whose playlist he asked for.

        Raises:
            NotFoundError: There is none (any more).
        """
        running = self._running.get((guest, ask))
        if running is None:
            raise NotFoundError("this stream is not played any more; ask for its playlist again")
        running.asked_s = self.clock.monotonic_s()
        return running.window

    def forget(self, guest: Guest, ask: Ask, running: object) -> None:
        """A window has ended."""
        if self._running.get((guest, ask)) is running:
            del self._running[guest, ask]
            self._places.leave(guest)
