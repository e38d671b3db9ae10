"""Outbox: what a worker has to say and the hub has not taken yet.

The analysis must never wait for the hub, so events queue here and one thread sends them, to whichever hub there is.
When none takes anything for so long that the queue is full, events that only say that a state goes on are dropped
first, then the oldest; drops are counted and reported. News of segments is told again to each new hub until one says
that it is kept. Of health reports only the newest is kept, of answers a few: whoever asked asks again.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

from cameras.link import Link
from cameras.link_words import (
    Message,
    Observed,
    PictureTaken,
    SegmentClosed,
    SegmentOpened,
    SegmentsKept,
    SegmentsRemoved,
    StillTaken,
    WorkerHealth,
)
from cameras.recordings.media import Segment
from hub.errors import LinkError
from hub.events import Event, Phase

logger = logging.getLogger(__name__)

_MAX_EVENTS = 5_000
"""A busy worker makes some ten events a second: eight minutes of a hub that stands."""

_MAX_SEGMENTS = 20_000
"""Of 40 streams at five minutes a segment: 40 hours of a hub that is away."""

_MAX_ANSWERS = 8

_BATCH = 200
"""Events in one message."""


class Outbox:
    """The worker's outgoing queue and the thread that sends it. `start` and `stop` once.

    Attributes:
        lost_events: Events dropped so far.
        lost_segments: News of segments dropped so far.
    """

    def __init__(
        self, link: Link | None = None, *, max_events: int = _MAX_EVENTS, max_segments: int = _MAX_SEGMENTS
    ) -> None:
        self._link = link
        self._max_events = max_events
        self._max_segments = max_segments
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._segments: OrderedDict[str, Segment] = OrderedDict()
        self._untold: deque[str] = deque()
        self._removed: deque[SegmentsRemoved] = deque(maxlen=_MAX_SEGMENTS)
        self._answers: deque[StillTaken | PictureTaken] = deque(maxlen=_MAX_ANSWERS)
        self._health: WorkerHealth | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.lost_events = 0
        self.lost_segments = 0

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
        with self._changed:
            key = segment.head.id
            if key not in self._segments or key not in self._untold:
                self._untold.append(key)
            self._segments[key] = segment  # that it is closed stands for that it was opened
            if len(self._segments) > self._max_segments:
                self._segments.popitem(last=False)
                self.lost_segments += 1
            self._changed.notify()

    def removed(self, disk: str, paths: tuple[str, ...]) -> None:
        """Tell of files that were removed to make room; the oldest such news goes when nobody takes it."""
        with self._changed:
            self._removed.append(SegmentsRemoved(disk, paths))
            self._changed.notify()

    def kept(self, kept: SegmentsKept) -> None:
        """The hub has these."""
        with self._changed:
            for key in kept.closed:
                self._segments.pop(key, None)
            for key in kept.opened:
                if key in self._segments and self._segments[key].is_open:
                    del self._segments[key]

    def health(self, health: WorkerHealth) -> None:
        """Say how the worker does, in place of an older report that was not sent yet."""
        with self._changed:
            self._health = health
            self._changed.notify()

    def answer(self, answer: StillTaken | PictureTaken) -> None:
        """Queue an answer; the oldest that waits is dropped when there are too many."""
        with self._changed:
            self._answers.append(answer)
            self._changed.notify()

    def _drop_one(self) -> None:
        self.lost_events += 1
        for place, event in enumerate(self._events):
            if event.phase is Phase.GOES_ON:
                del self._events[place]
                return
        self._events.popleft()

    def _run(self) -> None:
        while (following := self._next()) is not None:
            message, link = following
            try:
                link.send(message)
            except LinkError as error:
                logger.info("the hub is gone", extra={"detail": str(error)})
                self._put_back(message)
                self.detach(link)
            except (TypeError, ValueError):
                # A value in it that is no JSON: a defect, which must not silence the worker for good.
                logger.exception("a message cannot be sent", extra={"kind": type(message).__name__})
                self.lost_events += len(message.events) if isinstance(message, Observed) else 0

    def _put_back(self, message: Message) -> None:
        """What the hub that went did not take is for the next one; some of it may come twice."""
        with self._changed:
            match message:
                case Observed(events):
                    self._events.extendleft(reversed(events))
                    while len(self._events) > self._max_events:
                        self._drop_one()
                case SegmentsRemoved():
                    self._removed.appendleft(message)

    def _next(self) -> tuple[Message, Link] | None:
        with self._changed:
            while True:
                if self._link is not None and (message := self._first()) is not None:
                    return message, self._link
                if self._stopping:
                    return None
                self._changed.wait()

    def _first(self) -> Message | None:
        while self._untold:
            segment = self._segments.get(self._untold.popleft())
            if segment is not None:
                return SegmentOpened(segment) if segment.is_open else SegmentClosed(segment)
        if self._removed:
            return self._removed.popleft()
        if self._events:
            count = min(_BATCH, len(self._events))
            return Observed(tuple(self._events.popleft() for _ in range(count)))
        if self._answers:
            return self._answers.popleft()
        health, self._health = self._health, None
        return health
