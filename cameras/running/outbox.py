"""Outbox: what a worker has to say and the hub has not taken yet.

The analysis must never wait for the hub, so events queue here and one thread sends them, to whichever hub there is.
When none takes anything for so long that the queue is full, events that only say that a state goes on are dropped
first, then the oldest; drops are counted and reported. Events and news of segments are told again to each new hub until
one says that they are kept. Marks of segments wait packed, a kilobyte a segment, and what is dropped of such news is
found by the hub in the files. Of health reports only the newest is kept, of answers a few: whoever asked asks again.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cameras.link import Link
from cameras.link_words import (
    Answer,
    Message,
    Observed,
    SegmentClosed,
    SegmentOpened,
    SegmentsKept,
    SegmentsRemoved,
    Traced,
    WorkerHealth,
)
from cameras.recordings.media import Segment
from cameras.recordings.mp4.packed import pack, unpack
from hub.errors import LinkError
from hub.events import Event, Phase

logger = logging.getLogger(__name__)

_MAX_EVENTS = 5_000
"""That wait, besides those under way. A busy worker makes some ten a second: eight minutes of a hub that stands."""

_MAX_SEGMENTS = 20_000
"""Of 40 streams at five minutes a segment: 40 hours of a hub that is away."""

_MAX_MARKS_BYTES = 32 * 2**20
"""Packed marks of all of these: 300 fragments take about 1 kB."""

_MAX_REMOVED = 20_000
"""Paths of removed files; what is not told is missed by the hub when it compares files and catalogue."""

_MAX_ANSWERS = 8

_MAX_TRACES = 500
"""Chunks of some kilobytes: of 25 cameras, five minutes of a hub that is away. Then the oldest go."""

_BATCH = 200
"""Events in one message; the next one waits until the hub has stored them."""


@dataclass(frozen=True, slots=True)
class _News:
    """A segment with its marks packed: unpacked they take sixty times as much."""

    segment: Segment
    marks: bytes

    @classmethod
    def of(cls, segment: Segment) -> _News:
        return cls(replace(segment, marks=()), pack(segment.marks) if segment.marks else b"")

    def message(self) -> SegmentOpened | SegmentClosed:
        segment = replace(self.segment, marks=unpack(self.marks) if self.marks else ())
        return SegmentOpened(segment) if segment.is_open else SegmentClosed(segment)


class Outbox:
    """The worker's outgoing queue and the thread that sends it. `start` and `stop` once.

    Attributes:
        lost_events: Events dropped so far.
        lost_segments: News of segments dropped so far.
        lost_traces: Chunks of traces dropped so far.
    """

    def __init__(
        self,
        link: Link | None = None,
        *,
        max_events: int = _MAX_EVENTS,
        max_segments: int = _MAX_SEGMENTS,
        max_marks_bytes: int = _MAX_MARKS_BYTES,
        max_removed: int = _MAX_REMOVED,
    ) -> None:
        self._link = link
        self._max_events = max_events
        self._max_segments = max_segments
        self._max_marks_bytes = max_marks_bytes
        self._max_removed = max_removed
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._sent: deque[Event] = deque()
        self._segments: OrderedDict[str, _News] = OrderedDict()
        self._marks_bytes = 0
        self._untold: deque[str] = deque()
        self._removed: deque[SegmentsRemoved] = deque()
        self._removed_paths = 0
        self._answers: deque[Answer] = deque(maxlen=_MAX_ANSWERS)
        self._traces: deque[Traced] = deque()
        self._health: WorkerHealth | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.lost_events = 0
        self.lost_segments = 0
        self.lost_traces = 0

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Send what waits, for `timeout_s` seconds at most, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def attach(self, link: Link) -> None:
        """Send over `link` from now on, and tell of all segments that nobody kept."""
        with self._changed:
            self._link = link
            self._untold = deque(self._segments)
            self._changed.notify()

    def detach(self, link: Link) -> None:
        """Send nothing over `link` any more."""
        with self._changed:
            if self._link is link:
                self._link = None
                self._answers.clear()  # whoever asked is gone
                self._events.extendleft(reversed(self._sent))  # it may have stored them, which does no harm
                self._sent.clear()
                while len(self._events) > self._max_events:
                    self._drop_one()

    def events(self, events: Sequence[Event]) -> None:
        """Queue events; never waits."""
        with self._changed:
            for event in events:
                self._events.append(event)
                if len(self._events) > self._max_events:
                    self._drop_one()
            self._changed.notify()

    def segment(self, segment: Segment) -> None:
        """Tell of a segment that was opened or closed; never waits."""
        news, key = _News.of(segment), segment.head.id
        with self._changed:
            if key not in self._segments or key not in self._untold:
                self._untold.append(key)
            before = self._segments.get(key)
            self._segments[key] = news  # that it is closed stands for that it was opened
            self._marks_bytes += len(news.marks) - (0 if before is None else len(before.marks))
            while len(self._segments) > self._max_segments or self._marks_bytes > self._max_marks_bytes:
                self._forget(next(iter(self._segments)))
                self.lost_segments += 1
            if len(self._untold) > 2 * self._max_segments:
                self._untold = deque(key for key in self._untold if key in self._segments)
            self._changed.notify()

    def trace(self, camera: str, chunks: Sequence[bytes]) -> None:
        """Tell where what a camera followed was; never waits."""
        if not chunks:
            return
        with self._changed:
            self._traces.extend(Traced(camera, each) for each in chunks)
            while len(self._traces) > _MAX_TRACES:
                self._traces.popleft()
                self.lost_traces += 1
            self._changed.notify()

    def removed(self, disk: str, paths: tuple[str, ...]) -> None:
        """Tell of files that were removed to make room; the oldest such news goes when nobody takes it."""
        with self._changed:
            self._removed.append(SegmentsRemoved(disk, paths))
            self._removed_paths += len(paths)
            self._drop_removed()
            self._changed.notify()

    def kept(self, kept: SegmentsKept) -> None:
        """The hub has these."""
        with self._changed:
            for key in kept.closed:
                self._forget(key)
            for key in kept.opened:
                if key in self._segments and self._segments[key].segment.is_open:
                    self._forget(key)

    def events_kept(self, count: int) -> None:
        """The hub has stored so many of those that it was told."""
        with self._changed:
            for _ in range(min(count, len(self._sent))):
                self._sent.popleft()
            self._changed.notify()

    def health(self, health: WorkerHealth) -> None:
        """Say how the worker does, in place of an older report that was not sent yet."""
        with self._changed:
            self._health = health
            self._changed.notify()

    def answer(self, answer: Answer) -> None:
        """Queue an answer; the oldest that waits is dropped when there are too many."""
        with self._changed:
            self._answers.append(answer)
            self._changed.notify()

    def _forget(self, key: str) -> None:
        news = self._segments.pop(key, None)
        self._marks_bytes -= 0 if news is None else len(news.marks)

    def _drop_removed(self) -> None:
        """The oldest goes while there are too many; the newest stays, however much it is."""
        while self._removed_paths > self._max_removed and len(self._removed) > 1:
            self._removed_paths -= len(self._removed.popleft().paths)

    def _drop_one(self) -> None:
        self.lost_events += 1
        for place, event in enumerate(self._events):
            if event.phase is Phase.GOES_ON:
                del self._events[place]
                return
        self._events.popleft()

    def _run(self) -> None:
        while (following := self._next()) is not None:
            news, link = following
            message = news.message() if isinstance(news, _News) else news
            try:
                link.send(message)
            except LinkError as error:
                logger.info("the hub is gone", extra={"detail": str(error)})
                self._put_back(message)
                self.detach(link)
            except (TypeError, ValueError):
                # A value in it that is no JSON: a defect, which must not silence the worker for good.
                logger.exception("a message cannot be sent", extra={"kind": type(message).__name__})
                if isinstance(message, Observed):
                    self.lost_events += len(message.events)
                    self.events_kept(len(message.events))

    def _put_back(self, message: Message) -> None:
        """What the hub that went did not take is for the next one; some of it may come twice."""
        with self._changed:
            if isinstance(message, SegmentsRemoved):
                self._removed.appendleft(message)
                self._removed_paths += len(message.paths)
                self._drop_removed()

    def _next(self) -> tuple[Message | _News, Link] | None:
        with self._changed:
            while True:
                if self._link is not None and (message := self._first()) is not None:
                    return message, self._link
                if self._stopping:
                    return None
                self._changed.wait()

    def _first(self) -> Message | _News | None:
        while self._untold:
            news = self._segments.get(self._untold.popleft())
            if news is not None:
                return news
        if self._removed:
            removed = self._removed.popleft()
            self._removed_paths -= len(removed.paths)
            return removed
        if self._events and (not self._sent or self._stopping):  # who stops hears no answer any more
            batch = [self._events.popleft() for _ in range(min(_BATCH, len(self._events)))]
            self._sent.extend(batch)
            return Observed(tuple(batch))
        if self._answers:
            return self._answers.popleft()
        if self._traces:
            return self._traces.popleft()
        health, self._health = self._health, None
        return health
