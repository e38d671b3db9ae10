"""Session: one RTSP session without its socket: bytes in, requests and packets out.

What stands in the buffer is cut into frames and messages (RFC 2326, 10.12), the conversation is carried on, and what
the camera sends becomes Packets and SoundPackets exactly as FFmpeg's source makes them. All that can go wrong is one of
the errors of the conversation; a length that lies, an endless head and a flood end the session, and nothing grows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import cast

import av

from cameras.errors import SourceError, SourceProblem, UnfitError
from cameras.streams.limits import MOST_PACKET_BYTES, Pace, too_large
from cameras.streams.packet_queue import Opened
from cameras.streams.packets import Packet, SoundPacket, Stamper, StreamInfo
from cameras.streams.rtsp.announced import stream_info
from cameras.streams.rtsp.conversation import Conversation, Playing
from cameras.streams.rtsp.h264 import H264Pictures
from cameras.streams.rtsp.h264_sps import read_sps
from cameras.streams.rtsp.h265 import H265Pictures
from cameras.streams.rtsp.messages import cut_message
from cameras.streams.rtsp.pictures import CODE, Pictures
from cameras.streams.rtsp.rtp import Payloads, Track
from cameras.streams.rtsp.sdp import SoundTrack
from cameras.streams.rtsp.sounds import AacSounds, LawSounds
from hub.clock import Clock

MOST_WAIT_FOR_SETS_S = 2.0
"""How long pictures are held back for the parameter sets that the description lacks, as FFmpeg looks at so much."""
_MOST_HELD = 512
_DOLLAR = 0x24
_HEAD_BYTES = 4
_MOST_STRAY_BYTES = 256 * 1024
"""Bytes between frames that belong to nothing; some cameras leave a few."""
_MOST_FRAMES_S = 50_000.0
_BURST_S = 4.0
"""A camera of 50 Mbit/s sends 4,500 frames a second; a flood of small ones would keep all others waiting."""
_LONGEST_LATE_S = 0.15
"""Pictures that were read together came one after the other before; by no more than they waited to be read."""
_APART_S = 0.3
_MOST_APART_S = 5.0
"""Sound is moved where the camera's reports say it is so far from where it is; reports tremble."""
_PLAIN_NAL_SPS = 7

Item = Opened | Packet | SoundPacket


class Session:
    """One session. Not for several threads.

    Attributes:
        items: What came of what was received last; for the caller to take away.
        heard_s: When the newest picture came, on the monotonic clock.
        info: What was opened, None before.
    """

    def __init__(self, conversation: Conversation, clock: Clock) -> None:
        """Begin with `conversation`, which has not begun."""
        self.conversation = conversation
        self.items: list[Item] = []
        self.heard_s = clock.monotonic_s()
        self.info: StreamInfo | None = None
        self._clock = clock
        self._pace = Pace(self.heard_s)
        self._now_s = self.heard_s
        self._frames = 0.0
        self._frames_at_s = self.heard_s
        self._stray = 0
        self._strays = 0
        self._taken: list[tuple[int, bytes | bytearray, bool, bool]] = []
        self._channels: dict[int, Callable[[memoryview, int, int], None]] = {}
        self._video: Track | None = None
        self._pictures: Pictures | None = None
        self._sound: Track | None = None
        self._playing: Playing | None = None
        self._playing_since_s = 0.0
        self._video_base = 0
        self._sound_shift_s: float | None = None
        self._tick = Fraction(1, 90_000)
        self._sound_tick = Fraction(1, 8_000)
        self._moment = clock.now()
        self._stamper = Stamper(fps=None, at=lambda _: self._moment)

    @property
    def corrupt(self) -> int:
        """Packets that never came or could not be understood."""
        tracks = [track for track in (self._video, self._sound) if track is not None]
        return self._strays + sum(track.lost + track.damaged + track.payloads.damaged for track in tracks)

    def received(self, view: memoryview, buffer: bytearray, end: int) -> tuple[int, bytes]:
        """Take what stands in the buffer up to `end`.

        Args:
            view: Over the buffer.
            buffer: What came, behind what was left last time.
            end: Where that ends.

        Returns:
            How many bytes of it are done with, and what to send.

        Raises:
            SourceError: The session is over.
            UnfitError: This stream is for FFmpeg.
            RedirectedError: It is elsewhere.
        """
        at, says, frames = 0, b"", 0
        channels = self._channels
        self._now_s = self._clock.monotonic_s()
        while at < end:
            if buffer[at] == _DOLLAR:
                if end - at < _HEAD_BYTES:
                    break
                begins = at + _HEAD_BYTES
                ends = begins + (buffer[at + 2] << 8 | buffer[at + 3])
                if ends > end:
                    break
                taker = channels.get(buffer[at + 1])
                if taker is not None:
                    taker(view, begins, ends)
                frames += 1
                at = ends
                continue
            used, said = self._message(buffer, at, end)
            if not used:
                break
            at += used
            says += said
        self._count(frames)
        if self._taken:
            self._make()
        return at, says

    def _message(self, buffer: bytearray, at: int, end: int) -> tuple[int, bytes]:
        """What is no frame: a message, or bytes that belong to nothing."""
        try:
            found = cut_message(buffer, at, end)
        except ValueError as error:
            if self._playing is None:
                raise SourceError(SourceProblem.NOT_VIDEO, str(error)) from None
            return self._skip(buffer, at, end), b""
        if found is None:
            return 0, b""
        message, ends = found
        said = self.conversation.answer(message)
        if self.conversation.playing is not None and self._playing is None:
            self._begin(self.conversation.playing)
        return ends - at, said

    def _skip(self, buffer: bytearray, at: int, end: int) -> int:
        """Go on at what may be the next frame or message."""
        places = [place for mark in (b"$", b"RTSP/") if (place := buffer.find(mark, at + 1, end)) > 0]
        ends = min(places, default=end)
        self._strays += 1
        self._stray += ends - at
        if self._stray > _MOST_STRAY_BYTES:
            raise SourceError(SourceProblem.BROKE, "what it sends is no RTSP any more")
        return ends - at

    def _begin(self, playing: Playing) -> None:
        """The camera sends from now on."""
        track = playing.described.video
        self._playing = playing
        self._playing_since_s = self.heard_s = self._clock.monotonic_s()
        self._tick = Fraction(1, track.hz)
        maker = H264Pictures if track.codec == "h264" else H265Pictures
        self._pictures = pictures = maker(self._take)
        if isinstance(pictures, H264Pictures):
            pictures.know(track.extradata)
        self._video = self._track(playing.video.channel, track.payload_type, track.hz, pictures)
        heard = playing.sound
        if heard is not None and isinstance(heard.track, SoundTrack):
            self._sound_tick = Fraction(1, heard.track.hz)
            framing = heard.track.framing
            sounds = LawSounds(self._take_sound) if framing is None else AacSounds(self._take_sound, framing)
            self._sound = self._track(heard.channel, heard.track.payload_type, heard.track.hz, sounds)
        self._open(track.extradata)

    def _track(self, channel: int, payload_type: int, hz: int, payloads: Payloads) -> Track:
        track = Track(payload_type, hz, payloads)
        self._channels[channel] = track.take
        self._channels[channel + 1] = track.report
        return track

    def _open(self, extradata: bytes, *, anyway: bool = False) -> None:
        """Tell what the stream is, if enough is known."""
        assert self._playing is not None
        track, heard = self._playing.described.video, self._playing.sound
        sound = heard.track.info if heard is not None and isinstance(heard.track, SoundTrack) else None
        info = stream_info(track.codec, extradata, track.fps, sound)
        if not (info.width and info.height) and not anyway:
            return
        if wrong := too_large(info.width, info.height):
            raise SourceError(SourceProblem.UNSUPPORTED, wrong)
        if _is_interlaced(track.codec, extradata):
            raise UnfitError("its pictures come in two halves")
        self.info = info
        self._stamper = Stamper(fps=info.fps, at=lambda _: self._moment)
        self.items.append(Opened(info))

    def _take(self, time: int, data: bytearray, is_key: bool) -> None:  # noqa: FBT001 - as it is called
        self._check_pace(len(data))
        self._taken.append((time, data, is_key, False))

    def _take_sound(self, time: int, data: bytes) -> None:
        self._check_pace(len(data))
        self._taken.append((time, data, False, True))

    def _check_pace(self, size_bytes: int) -> None:
        if wrong := self._pace.take(size_bytes, self._now_s):
            raise SourceError(SourceProblem.REFUSED, wrong)

    def _count(self, frames: int) -> None:
        """Hold it to what a camera can send."""
        passed_s, self._frames_at_s = self._now_s - self._frames_at_s, self._now_s
        self._frames = max(0.0, self._frames - passed_s * _MOST_FRAMES_S) + frames
        if self._frames > _MOST_FRAMES_S * _BURST_S:
            raise SourceError(SourceProblem.REFUSED, f"it sends more than {_MOST_FRAMES_S:g} frames a second")
        if self._pictures is not None and self._pictures.size_bytes > MOST_PACKET_BYTES:
            raise SourceError(SourceProblem.REFUSED, f"a packet of more than {MOST_PACKET_BYTES} bytes is refused")
        if self._video is not None and self._video.is_over:
            raise SourceError(SourceProblem.ENDED, "the camera said goodbye")

    def _make(self) -> None:
        """Packets of what was taken."""
        now, now_s = self._clock.now(), self._now_s
        if any(not is_sound for _, _, _, is_sound in self._taken):
            self.heard_s = now_s
        if self.info is None and not self._may_open(now_s):
            return
        taken, self._taken = self._taken, []
        newest = max((time for time, _, _, is_sound in taken if not is_sound), default=0)
        assert self._video is not None
        hz = self._video.hz
        for time, data, is_key, is_sound in taken:
            if is_sound:
                self._make_sound(time, data)
            else:
                late_s = min(_LONGEST_LATE_S, (newest - time) / hz)
                self._moment = max(self._moment, now - timedelta(seconds=late_s)) if late_s else now
                self._make_picture(time, data, is_key=is_key)
        self._moment = now

    def _may_open(self, now_s: float) -> bool:
        """Whether the parameter sets have come that the description lacks, or were waited for long enough."""
        assert self._pictures is not None
        sets = b"".join(CODE + found for _, found in sorted(self._pictures.sets.items()))
        waited = now_s - self._playing_since_s >= MOST_WAIT_FOR_SETS_S or len(self._taken) >= _MOST_HELD
        self._open(sets, anyway=waited)
        if self.info is not None and self.info.width:
            # Nothing before the first key picture can be decoded, and it is what the parameter sets came with.
            keys = [place for place, (_, _, is_key, _) in enumerate(self._taken) if is_key]
            del self._taken[: keys[0] if keys else 0]
        return self.info is not None

    def _make_picture(self, time: int, data: bytes | bytearray, *, is_key: bool) -> None:
        assert self.info is not None
        assert self._video is not None
        if self._video.first_time is not None:
            time -= self._video.first_time
        packet = cast("av.Packet[av.VideoStream]", av.Packet(data))  # type: ignore[arg-type]  # whatever is a buffer
        packet.pts = time
        packet.time_base = self._tick
        packet.is_keyframe = is_key
        raw_s = time / self._video.hz
        dts_s = None
        if not self.info.reorders:
            packet.dts, dts_s = time, raw_s
        self.items.append(self._stamper.stamp_at(packet, raw_s=raw_s, dts_s=dts_s, is_key=is_key))

    def _make_sound(self, time: int, data: bytes | bytearray) -> None:
        assert self._sound is not None
        assert self._sound.first_time is not None
        packet = cast("av.Packet[av.AudioStream]", av.Packet(data))  # type: ignore[arg-type]  # likewise
        begun = time - self._sound.first_time
        packet.pts = packet.dts = begun
        packet.time_base = self._sound_tick
        sound = self._stamper.stamp_sound_at(packet, begun / self._sound.hz + self._apart_s())
        if sound is not None:
            self.items.append(sound)

    def _apart_s(self) -> float:
        """By how much the sound began after the video, as the camera says, or as both came where it does not."""
        video, sound = self._video, self._sound
        assert video is not None
        assert sound is not None
        if video.first_time is None or sound.first_time is None:
            return self._sound_shift_s or 0.0
        if self._sound_shift_s is None:
            self._sound_shift_s = self._told_apart_s(video.first_time, sound.first_time)
        heard_at, seen_at = sound.wall_s(sound.first_time), video.wall_s(video.first_time)
        if heard_at is not None and seen_at is not None:
            apart_s = heard_at - seen_at
            if abs(apart_s - self._sound_shift_s) > _APART_S and abs(apart_s) < _MOST_APART_S:
                self._sound_shift_s = apart_s
        return self._sound_shift_s

    def _told_apart_s(self, video_time: int, sound_time: int) -> float:
        assert self._playing is not None
        assert self._playing.sound is not None
        assert self._video is not None
        assert self._sound is not None
        seen, heard = self._playing.video.starts, self._playing.sound.starts
        if seen is None or heard is None:
            return 0.0
        apart_s = (sound_time - heard) / self._sound.hz - (video_time - seen) / self._video.hz
        return apart_s if abs(apart_s) < _MOST_APART_S else 0.0


def _is_interlaced(codec: str, extradata: bytes) -> bool:
    if codec != "h264":
        return False
    for nal in extradata.split(CODE):
        try:
            if nal and nal[0] & 0x1F == _PLAIN_NAL_SPS and read_sps(nal).is_interlaced:
                return True
        except ValueError:
            continue  # what cannot be read is told by nobody
    return False
