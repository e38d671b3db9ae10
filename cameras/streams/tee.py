"""Tee: hands the samples of one stream to everybody who takes them, and keeps them from each other.

A sink that fails is left out until the next key picture and then begun anew, so a defect in one costs it a group of
pictures and the others nothing. Sinks come and go at any time: each begins at a key picture. Called by the reader's
thread; sinks are added and taken away by others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime

from cameras.recordings.media import Because, Format, Sample, SampleSink

logger = logging.getLogger(__name__)


class Tee:
    """The sinks of one stream; itself a SampleSink.

    Attributes:
        failures: Times that a sink failed.
    """

    def __init__(self, camera: str, sinks: Iterable[SampleSink] = ()) -> None:
        """Hand on to `sinks`; `camera` is for logs."""
        self._camera = camera
        self._lock = threading.Lock()
        self._form: Format | None = None
        self._waiting: dict[int, tuple[SampleSink, Because]] = {id(sink): (sink, Because.STARTED) for sink in sinks}
        self._begun: dict[int, SampleSink] = {}
        self._closed = False
        self._told: set[str] = set()
        self.failures = 0

    def add(self, sink: SampleSink) -> None:
        """Hand on to `sink` too, from the next key picture on."""
        with self._lock:
            if id(sink) not in self._begun:
                self._waiting[id(sink)] = (sink, Because.STARTED)

    def remove(self, sink: SampleSink, at: datetime, because: Because) -> None:
        """Hand nothing on to `sink` any more, and tell it so."""
        with self._lock:
            self._waiting.pop(id(sink), None)
            if self._begun.pop(id(sink), None) is not None:
                self._guard(sink, lambda: sink.end(at, because))

    def close(self, at: datetime, because: Because) -> None:
        """End all sinks; whatever a reader that hangs brings later is heard by nobody."""
        with self._lock:
            self._end(at, because)
            self._closed = True
            self._waiting.clear()

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        """What comes now has this format, and begins with a key picture."""
        with self._lock:
            if self._closed:
                return
            self._form = form
            waiting, self._waiting = self._waiting, {}
            for sink in (*self._begun.values(), *(sink for sink, _ in waiting.values())):
                self._start(sink, at, because)

    def take(self, sample: Sample) -> None:
        """The next sample."""
        with self._lock:
            if self._closed:
                return
            if self._waiting and sample.is_key and not sample.is_sound and self._form is not None:
                waiting, self._waiting = self._waiting, {}
                for sink, because in waiting.values():
                    self._start(sink, sample.at, because)
            for sink in tuple(self._begun.values()):
                if not self._guard(sink, lambda sink=sink: sink.take(sample)):  # type: ignore[misc]
                    self._rest(sink)

    def end(self, at: datetime, because: Because) -> None:
        """The stream is over, for now."""
        with self._lock:
            if not self._closed:
                self._end(at, because)

    def _start(self, sink: SampleSink, at: datetime, because: Because) -> None:
        form = self._form
        assert form is not None
        self._begun[id(sink)] = sink
        if not self._guard(sink, lambda: sink.begin(form, at, because)):
            self._rest(sink)

    def _rest(self, sink: SampleSink) -> None:
        self._begun.pop(id(sink), None)
        self._waiting[id(sink)] = (sink, Because.UNKNOWN)

    def _end(self, at: datetime, because: Because) -> None:
        self._form = None
        for sink in tuple(self._begun.values()):
            self._guard(sink, lambda sink=sink: sink.end(at, because))  # type: ignore[misc]
        self._waiting |= {key: (sink, because) for key, sink in self._begun.items()}
        self._begun.clear()

    def _guard(self, sink: SampleSink, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:
            self.failures += 1
            told = f"{type(sink).__name__} {error!r}"
            if told not in self._told:  # the same on the next picture is counted, not printed
                self._told.add(told)
                logger.exception("samples are not taken", extra={"camera": self._camera, "sink": type(sink).__name__})
            return False
        return True
