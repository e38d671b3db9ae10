"""A running camera: a feed for each of its streams that somebody wants, its analysis, its recorders, and how they do.

What is wanted of a stream (analysis, recording, watching) comes and goes while the stream stays open: only another
address opens it anew. The analysis may hang or fail; it is then left behind and the camera rests, while its feeds and
recorders go on. `step` is called by the worker's analysis thread, `check` and `status` by its main thread, `change`,
`watch` and `stop` by others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from cameras.health import CameraState, Health, Standing
from cameras.link_words import CameraStatus, StreamRecording
from cameras.recordings.media import Because, StreamName
from cameras.recordings.mp4.sampler import KEPT_CODECS
from cameras.running.analysing import Analysing
from cameras.running.recording_watch import RecordingWatch
from cameras.running.rests import Rests
from cameras.running.task import Means, Task
from cameras.streams.feed import Feed
from cameras.streams.packet_queue import StreamItem
from cameras.vision.stills import Stills
from config.analysing import Analyse
from config.community import Stream
from config.zones import private_places
from hub.consent import is_told
from hub.events import Event, FieldValue, new_event_id

logger = logging.getLogger(__name__)

HUNG = "analysis_hung"
_TURNED = timedelta(seconds=40)
"""After the last move: whoever turns a camera holds it for 30 s."""
NOT_KEPT = "codec"
"""What the stream holds is analysed and shown, but not recorded."""


class RunningCamera:
    """One camera at work. `start` once, then `stop` and `finish` once."""

    def __init__(self, task: Task, means: Means) -> None:
        """Prepare, its analysis included."""
        self.id = task.camera.id
        self.stills = Stills(private_places(task.camera.zones), veiled=task.camera.analyse is not Analyse.ALL)
        self.task = task
        self._means = means
        self._clock = means.clock
        self._lock = threading.RLock()
        self._feeds: dict[StreamName, Feed] = {}
        self._watches: dict[StreamName, RecordingWatch] = {}
        self._watched: set[StreamName] = set()
        self._is_running = False
        self._leaving: list[Analysing] = []
        self._rests = Rests(means.clock, first_s=means.tuning.rest_s)
        self._blind_told = False
        self._taken_back: list[Event] = []
        self._analysing: Analysing | None = self._build(task)
        self._idle = Health(means.clock, offline_after_s=means.tuning.offline_after_s)

    def turned(self) -> None:
        """Somebody turns it on purpose, and may go on: its view is left alone for a while."""
        analysing = self._analysing
        if analysing is not None:
            analysing.pipeline.turned(self._clock.now() + _TURNED)

    @property
    def pending(self) -> bool:
        """Whether `step` has something to do."""
        analysing = self._analysing
        if self._leaving or (analysing is not None and len(analysing.queue) > 0):
            return True
        return analysing is None and self._rests.is_over

    @property
    def is_resting(self) -> bool:
        """Whether its analysis hung, and it has not been tried again."""
        return self._analysing is None and self._rests.are_on

    def start(self) -> None:
        """Start reading what is wanted."""
        with self._lock:
            self._is_running = True
            self._settle()

    def stop(self, *, timeout_s: float = 0.3, for_good: bool = True) -> None:
        """Stop reading and recording; not `for_good` when the worker goes, for then another goes on."""
        with self._lock:
            self._is_running = False
            for feed in self._feeds.values():
                feed.stop(timeout_s=timeout_s, because=Because.OFF)
            self._feeds.clear()
            for watch in self._watches.values():
                watch.recorder.stop(Because.OFF)
                if for_good:
                    self._take_back(watch)
            self._watches.clear()

    def change(self, task: Task) -> None:
        """Go on by other settings: only what they concern begins anew. Called by one thread."""
        before = self.task
        moved = (before.camera.site, before.analysed) != (task.camera.site, task.analysed)
        anew = moved or not before.looks_the_same(task) or before.stream(task.analysed) != task.stream(task.analysed)
        made = self._build(task) if anew else None
        less = not task.camera.analyse.allows(before.camera.analyse)
        self.stills.private = private_places(task.camera.zones)
        self.stills.veiled = task.camera.analyse is not Analyse.ALL
        with self._lock:
            self.task = task
            if made is not None:
                self._leave(drains=not less)
                self._rests.forget()
                self._analysing = made
            if before.camera.site != task.camera.site:  # it stands in the files and in their path
                for name in tuple(self._watches):
                    self._stop_recording(name)
            if before.analysed is not task.analysed and before.analysed in self._feeds:
                self._feeds[before.analysed].analyse(None)
            if made is not None:
                self._attach()
            self._settle()
        if less:
            self.stills.forget()
        self._means.wake()

    def watch(self, name: StreamName, *, wanted: bool) -> None:
        """Somebody watches a stream, or nobody does any more; returns at once."""
        with self._lock:
            (self._watched.add if wanted else self._watched.discard)(name)
            if self._is_running:
                self._settle()

    def step(self) -> list[Event]:
        """Handle what waits for the analysis, for a slice of time; not more than one thread at a time."""
        events: list[Event] = []
        while self._leaving:
            events += self._leaving.pop(0).finish()
        analysing = self._analysing
        if analysing is None and self._rests.is_over:
            analysing = self._wake_up()
        return events if analysing is None else events + analysing.step()

    def finish(self) -> list[Event]:
        """The Events that end what is open; after `stop`."""
        self._leave()
        events, self._taken_back = self._taken_back, []
        while self._leaving:
            events += self._leaving.pop(0).finish()
        return events

    def rest(self) -> None:
        """Its analysis hangs and is left behind, with the thread in it: another follows after a rest."""
        with self._lock:
            if self._analysing is not None:
                self._analysing = None
                self._attach()
            self._leaving.clear()  # one of them may be what hangs
            rest_s = self._rests.begin()
        logger.error("the analysis of a camera hangs and is left behind", extra={"camera": self.id, "rest_s": rest_s})

    def check(self) -> list[Event]:
        """What is new of its health and of its recordings, for the hub."""
        with self._lock:
            events, self._taken_back = self._taken_back, []
            change = self._health.check()
            for feed in self._feeds.values():
                feed.health.check()  # only the analysed one's is told; the others say why nothing is recorded
            watches = tuple(self._watches.values())
        if change is not None:
            events.append(self._health_event(change))
        if self._rests.are_on != self._blind_told:
            self._blind_told = self._rests.are_on
            events += self._blind_event()
        for watch in watches:
            news = watch.check(self._offline(watch.stream))
            if news is not None:
                events.append(self._recording_event(news))
        return events

    def take_trace(self) -> list[bytes]:
        """What was followed of late; nothing once not everything may be looked for any more."""
        analysing = self._analysing
        found = [] if analysing is None else analysing.pipeline.take_trace()
        return found if self.task.camera.analyse is Analyse.ALL else []

    def status(self) -> CameraStatus:
        """How it does."""
        with self._lock:
            analysing, feed = self._analysing, self._feeds.get(self.task.analysed)
            feeds, watches = tuple(self._feeds.values()), tuple(self._watches.values())
        standing = self._health.standing
        info = None if feed is None else feed.info
        agreed = self.task.camera.analyse is Analyse.ALL
        known = {} if analysing is None else analysing.figures(moving_too=agreed)
        return CameraStatus(
            camera=self.id,
            state=standing.state,
            since=standing.since,
            reason=standing.reason or (HUNG if analysing is None else analysing.trouble),
            troubles=self._troubles(analysing),
            codec=None if info is None else info.codec,
            width=0 if info is None else info.width,
            height=0 if info is None else info.height,
            fps=None if info is None else info.fps,
            sessions=0 if feed is None else feed.reader.sessions,
            corrupt=0 if feed is None else feed.reader.corrupt,
            by_ffmpeg="" if feed is None else feed.reader.unfit,
            cpu_s=round(sum(each.reader.cpu_s for each in feeds) + (0.0 if analysing is None else analysing.cpu_s), 4),
            recording=tuple(watch.status(self._offline(watch.stream)) for watch in watches),
            **known,  # type: ignore[arg-type]
        )

    @property
    def _health(self) -> Health:
        feed = self._feeds.get(self.task.analysed)
        return self._idle if feed is None else feed.health

    def _troubles(self, analysing: Analysing | None) -> Mapping[str, str]:
        if analysing is not None:
            return analysing.pipeline.troubles
        return {"analysis": f"hung {self._rests.count} times; tried again in {self._rests.left_s:.0f} s"}

    def _build(self, task: Task) -> Analysing:
        analysis, trouble = self._means.build(task)
        return Analysing(
            self.id,
            analysis,
            analysis_fps=self._means.tuning.analysis_fps,
            sleep_after_s=self._means.tuning.sleep_after_s,
            stills=self.stills,
            clock=self._clock,
            trouble=trouble,
            tells=partial(is_told, task.camera.analyse),
        )

    def _wake_up(self) -> Analysing | None:
        """In the analysis thread, which is watched: making an analysis may hang as well."""
        rest = self._rests.count
        made = self._build(self.task)
        with self._lock:
            if not self._is_running or self._analysing is not None or self._rests.count != rest:
                return None  # this thread was left behind, or the camera was changed meanwhile
            self._analysing = made
            self._rests.end()
            self._attach()
        return made

    def _leave(self, *, drains: bool = True) -> None:
        with self._lock:
            if self._analysing is not None:
                self._analysing.drains = drains
                self._leaving.append(self._analysing)
                self._analysing = None

    def _attach(self) -> None:
        feed = self._feeds.get(self.task.analysed)
        if feed is not None:
            analysing = None if self.task.camera.analyse is Analyse.NOTHING else self._analysing
            feed.analyse(None if analysing is None else self._putter(analysing))

    def _putter(self, analysing: Analysing) -> Callable[[StreamItem], None]:
        def put(item: StreamItem) -> None:
            analysing.put(item)
            self._means.wake_soon()

        return put

    def _settle(self) -> None:
        """Open and close feeds and recorders until they are what is wanted; with the lock held."""
        if not self._is_running:
            return
        there = [name for name in StreamName if self.task.stream(name) is not None]
        for name in there:
            self._means.cache(self.id, name)  # who wants to watch finds it, and so makes the stream wanted
        recorded = self.task.record.intersection(there)
        wanted = {self.task.analysed, *recorded, *self._watched}
        for name in self._watches.keys() - recorded:
            self._stop_recording(name)
        for name in StreamName:
            stream = self.task.stream(name) if name in wanted else None
            feed = self._feeds.get(name)
            if feed is not None and feed.stream != stream:
                del self._feeds[name]
                feed.stop(timeout_s=0.0, because=Because.OFF if stream is None else Because.STARTED)
                feed = None
            if feed is None and stream is not None:
                self._open(name, stream)
        for name in recorded - self._watches.keys():
            self._start_recording(name)
        for name, feed in self._feeds.items():
            feed.hurry(wanted=name in self._watched)

    def _open(self, name: StreamName, stream: Stream) -> None:
        means = self._means
        feed = self._feeds[name] = Feed(
            self.id,
            stream,
            name=name,
            sources=means.sources,
            clock=self._clock,
            offline_after_s=means.tuning.offline_after_s,
            make_sampler=means.make_sampler,
        )
        if name is self.task.analysed:
            self._attach()
        cache = means.cache(self.id, name)
        if cache is not None:
            feed.add(cache)
        if name in self._watches:
            feed.add(self._watches[name].recorder)
        feed.start()

    def _start_recording(self, name: StreamName) -> None:
        recorder = self._means.make_recorder(self.task, name)
        if recorder is not None:
            after_s = self._means.tuning.not_recorded_after_s
            self._watches[name] = RecordingWatch(name, recorder, self._clock, stopped_after_s=after_s)
            self._feeds[name].add(recorder)

    def _stop_recording(self, name: StreamName) -> None:
        watch = self._watches.pop(name)
        if name in self._feeds:
            self._feeds[name].remove(watch.recorder, Because.OFF)
        watch.recorder.stop(Because.OFF)
        self._take_back(watch)

    def _take_back(self, watch: RecordingWatch) -> None:
        """Nobody waits any more for a stream to be recorded of which it was told that it is not."""
        if watch.is_told_off:
            self._taken_back.append(self._event("camera.recording", {"state": "unwanted"}, subject=watch.stream.value))

    def _offline(self, name: StreamName) -> str | None:
        feed = self._feeds.get(name)
        if feed is None:
            return None
        standing = feed.health.standing
        if standing.state is CameraState.LIVE:
            return None if feed.info is None or feed.info.codec in KEPT_CODECS else NOT_KEPT
        return (standing.reason or standing.state).value

    def _health_event(self, standing: Standing) -> Event:
        fields: dict[str, FieldValue] = {"state": "online" if standing.state is CameraState.LIVE else "offline"}
        if standing.reason is not None:
            fields["reason"] = standing.reason.value
        return self._event("camera.health", fields, at=standing)

    def _blind_event(self) -> list[Event]:
        """Nobody looks at its pictures, or somebody does again; what it had seen counts from there anew."""
        standing = self._health.standing
        if standing.state is not CameraState.LIVE:
            return []
        if self._rests.are_on:
            return [self._event("camera.health", {"state": "offline", "reason": HUNG})]
        return [self._event("camera.health", {"state": "online"})]

    def _recording_event(self, news: StreamRecording) -> Event:
        fields: dict[str, FieldValue] = {"state": "on" if news.state == "recording" else "off"}
        if news.reason:
            fields["reason"] = news.reason
        return self._event("camera.recording", fields, subject=news.stream)

    def _event(
        self, kind: str, fields: dict[str, FieldValue], *, at: Standing | None = None, subject: str | None = None
    ) -> Event:
        now = self._clock.now()
        return Event(
            id=new_event_id(),
            kind=kind,
            at=now if at is None else at.since,
            arrived=now,
            source=self.id,
            driver="worker",
            site=self.task.camera.site,
            area=self.task.area,
            camera=self.id,
            subject=subject,
            fields=fields,
        )
