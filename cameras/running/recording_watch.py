"""RecordingWatch: whether a stream that is to be recorded is, decided on what reaches its file.

A cut of a moment is in the files and nobody's business; ten seconds of nothing are. Asked by the worker's main thread.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cameras.link_words import StreamRecording
from cameras.recordings.media import Because, SampleSink, StreamName
from hub.clock import Clock

STOPPED_AFTER_S = 10.0
"""Seconds without anything written after which a stream counts as not recorded."""


class RecorderStatus(Protocol):
    """What a recorder says of itself."""

    @property
    def because(self) -> Because | None:
        """Why nothing is written, as far as the recorder knows."""

    @property
    def written_bytes(self) -> int:
        """What reached the disk since it was made."""

    @property
    def dropped(self) -> int:
        """Fragments that did not."""


class Recorder(SampleSink, Protocol):
    """Writes the samples of one stream into files."""

    @property
    def status(self) -> RecorderStatus:
        """How it does."""

    def stop(self, because: Because = Because.OFF) -> None:
        """Nothing more comes."""


class RecordingWatch:
    """Watches one recorder."""

    def __init__(
        self, stream: StreamName, recorder: Recorder, clock: Clock, *, stopped_after_s: float = STOPPED_AFTER_S
    ) -> None:
        self.stream = stream
        self.recorder = recorder
        self._clock = clock
        self._stopped_after_s = stopped_after_s
        self._written_bytes = recorder.status.written_bytes
        self._written_s = clock.monotonic_s()
        self._is_on = False
        self._since: datetime = clock.now()
        self._told: bool | None = None

    @property
    def is_told_off(self) -> bool:
        """Whether it was told last that nothing is written."""
        return self._told is False

    def check(self, offline: str | None) -> StreamRecording | None:
        """How it does when that changed since the last call, else None.

        Args:
            offline: Why the stream does not come, None when it does.
        """
        written_bytes, now_s = self.recorder.status.written_bytes, self._clock.monotonic_s()
        if written_bytes != self._written_bytes:
            self._written_bytes, self._written_s = written_bytes, now_s
            self._turn(is_on=True)
        elif now_s - self._written_s >= self._stopped_after_s:
            self._turn(is_on=False)
        else:
            return None
        if self._is_on == self._told:
            return None
        self._told = self._is_on
        return self.status(offline)

    def status(self, offline: str | None) -> StreamRecording:
        """How it does; `offline` as in `check`."""
        said = self.recorder.status
        because = said.because
        reason = None if self._is_on else offline or (None if because is None else because.value)
        return StreamRecording(
            stream=self.stream.value,
            state="recording" if self._is_on else "stopped",
            since=self._since,
            reason=reason,
            written_bytes=said.written_bytes,
            dropped=said.dropped,
        )

    def _turn(self, *, is_on: bool) -> None:
        if is_on != self._is_on:
            self._is_on = is_on
            self._since = self._clock.now()
