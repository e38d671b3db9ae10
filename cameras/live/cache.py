"""Live cache: the newest group of pictures of one stream, held in memory for those who begin to watch.

Samples come in the reader's thread, which is never kept: nothing is packed while nobody watches, and what watchers do
not take is dropped in their own Backlog. A watcher who joins gets the pictures since the last key picture at once, so
that he sees something before the next one comes. Bounded by `MOST_GROUP_BYTES` a stream.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from typing import Final

from cameras.live.backlog import Backlog
from cameras.live.wire import Begins, Item, Part, Pauses
from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample
from cameras.recordings.mp4.codecs import codec_string, plays_in_browsers
from cameras.recordings.mp4.fragments import fragment_bytes
from cameras.recordings.mp4.header import init_bytes
from hub.clock import Clock

MOST_GROUP_BYTES: Final = 8 * 1024 * 1024
"""Eight seconds of a large main stream (8 Mbit/s); of a longer group a watcher sees nothing until the next."""

_USUAL_STEP: Final = VIDEO_TICKS // 25
_LONGEST_STEP: Final = VIDEO_TICKS


class Outlet:
    """What waits for one connection: filled by the reader's thread, emptied by the connection's own."""

    def __init__(self, clock: Clock, backlog: Backlog | None = None) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._backlog = backlog or Backlog()
        self._closed = False

    def put(self, item: Item) -> None:
        """Add an item; never waits for the one who takes."""
        with self._changed:
            self._backlog.put(item, self._clock.monotonic_s())
            self._changed.notify()

    def take(self, timeout_s: float) -> Item | None:
        """The oldest item; None when none came within `timeout_s` seconds, or it was closed."""
        with self._changed:
            if not self._closed and not self._backlog:
                self._changed.wait(timeout_s)
            return None if self._closed else self._backlog.take()

    def close(self) -> None:
        """Let whoever waits go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def dropped(self) -> int:
        """Pictures left out because they were not taken in time."""
        return self._backlog.dropped

    @property
    def held_bytes(self) -> int:
        """Bytes that wait."""
        return self._backlog.held_bytes


class LiveCache:
    """The cache of one stream, a SampleSink. `join` and `leave` from any thread."""

    def __init__(self, *, most_group_bytes: int = MOST_GROUP_BYTES) -> None:
        self._most_group_bytes = most_group_bytes
        self._lock = threading.Lock()
        self._form: Format | None = None
        self._because = "connecting"
        self._group: list[Sample] = []
        self._group_bytes = 0
        self._packers: dict[bool, _Packer] = {}
        self._outlets: dict[bool, list[Outlet]] = {False: [], True: []}

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        """A stream begins; those who watch are told its form."""
        del at, because
        with self._lock:
            self._form = form
            self._forget_group()
            for sound, outlets in self._outlets.items():
                if outlets:
                    packer = self._packers[sound] = _Packer(form, sound=sound)
                    for outlet in outlets:
                        outlet.put(packer.begins)

    def take(self, sample: Sample) -> None:
        """The next sample."""
        with self._lock:
            if self._form is None:
                return
            self._keep(sample)
            for sound, packer in self._packers.items():
                part = packer.take(sample)
                if part is not None:
                    for outlet in self._outlets[sound]:
                        outlet.put(part)

    def end(self, at: datetime, because: Because) -> None:
        """The stream is over for now; those who watch are told."""
        del at
        self._pause(because.value)

    def join(self, outlet: Outlet, *, sound: bool) -> None:
        """Fill `outlet` from now on: the form, the group of pictures so far, then each picture as it comes."""
        with self._lock:
            self._outlets[sound].append(outlet)
            if self._form is None:
                outlet.put(Pauses(self._because))
                return
            packer = _Packer(self._form, sound=sound)
            parts = packer.all(self._group)
            outlet.put(replace(packer.begins, cached=len(parts)))
            for part in parts:
                outlet.put(part)
            if self._group or sound not in self._packers:
                self._packers[sound] = packer

    def leave(self, outlet: Outlet) -> None:
        """Fill it no longer."""
        with self._lock:
            for sound, outlets in self._outlets.items():
                if outlet in outlets:
                    outlets.remove(outlet)
                    if not outlets:
                        self._packers.pop(sound, None)

    def close(self, because: str) -> None:
        """The camera is not here any more: tell those who watch that nothing will come."""
        self._pause(because, is_final=True)

    @property
    def watchers(self) -> int:
        """How many connections it fills."""
        return sum(len(outlets) for outlets in self._outlets.values())

    @property
    def held_bytes(self) -> int:
        """Bytes of its group and of what waits for connections."""
        with self._lock:
            return self._group_bytes + sum(
                outlet.held_bytes for outlets in self._outlets.values() for outlet in outlets
            )

    def _pause(self, because: str, *, is_final: bool = False) -> None:
        with self._lock:
            self._form = None
            self._because = because
            self._forget_group()
            self._packers.clear()
            for outlets in self._outlets.values():
                for outlet in outlets:
                    outlet.put(Pauses(because, is_final))

    def _keep(self, sample: Sample) -> None:
        if sample.is_key and not sample.is_sound:
            self._forget_group()
        elif not self._group:
            return  # no key picture yet, or the group was too large
        self._group.append(sample)
        self._group_bytes += len(sample.data)
        if self._group_bytes > self._most_group_bytes:
            self._forget_group()

    def _forget_group(self) -> None:
        self._group = []
        self._group_bytes = 0


class _Packer:
    """Makes parts of samples: one for each picture, with the sound that came since the one before."""

    def __init__(self, form: Format, *, sound: bool) -> None:
        playable = form.sound is not None and plays_in_browsers(form.sound)
        self._form = form if sound and playable else Format(form.video)
        self._sequence = 0
        self._sounds: list[Sample] = []
        self._last_dts: int | None = None
        self._step = _USUAL_STEP
        self.begins = Begins(
            codecs=codec_string(self._form),
            width=form.video.width,
            height=form.video.height,
            sound=self._form.sound is not None,
            left_out=form.sound.codec if form.sound is not None and not playable else None,
            cached=0,
            init=init_bytes(self._form, None),
        )

    def all(self, samples: list[Sample]) -> list[Part]:
        """The parts of a group, each as long as it is shown."""
        pictures = [sample for sample in samples if not sample.is_sound]
        if len(pictures) > 1:
            self._step = max(1, min(_LONGEST_STEP, pictures[1].dts - pictures[0].dts))
        return [part for sample in samples if (part := self.take(sample)) is not None]

    def take(self, sample: Sample) -> Part | None:
        """The part that a sample completes, None of sound."""
        if sample.is_sound:
            if self._form.sound is not None and self._last_dts is not None:
                self._sounds.append(sample)
            return None
        if self._last_dts is not None:
            # How long this picture will be shown is known when the next one is here, and that would be a picture late:
            # it is taken for as long as the one before.
            self._step = max(1, min(_LONGEST_STEP, sample.dts - self._last_dts))
        self._last_dts = sample.dts
        self._sequence += 1
        samples, self._sounds = [sample, *self._sounds], []
        data = fragment_bytes(self._sequence, self._form, samples, ends_dts=sample.dts + self._step, begins=(0, 0))
        return Part(sample.is_key, int(sample.at.timestamp() * 1000), sample.dts, data)
