"""SoundTrack: the sound beside a stream's video: whether it comes at all, what it is, and when each piece sounds.

Cameras announce sound that never comes, and send it without times or with times that tremble. Pieces follow on each
other without gaps or overlaps; where the camera's own time says otherwise by much, it is followed.
"""

from __future__ import annotations

from cameras.recordings.media import VIDEO_TICKS, Sample, SoundFormat
from cameras.recordings.mp4.codecs import adts_config, sound_form, without_adts
from cameras.recordings.mp4.fragments import frame_ticks, sound_ticks
from cameras.streams.packets import SoundInfo, SoundPacket

_GONE_AFTER = 5 * VIDEO_TICKS
"""Sound that was silent for so long is left out of the next segment: a track without sound stops some players."""
_TREMBLE_S = 0.03
_BEHIND_S = 0.2
"""A piece that is due so much earlier than there is room for it is left out, until the track has caught up."""


class SoundTrack:
    """The sound of one stream, over all its sessions. Not for several threads.

    Attributes:
        form: What the sound is; None while none comes, or none that is kept.
        is_awaited: Whether some was announced and may still come.
    """

    def __init__(self) -> None:
        self.form: SoundFormat | None = None
        self.is_awaited = False
        self._info: SoundInfo | None = None
        self._known: SoundFormat | None = None
        self._ends: int | None = None
        self._heard = 0

    def opened(self, info: SoundInfo | None) -> None:
        """The stream begins (again); the same sound as before is expected to come as before."""
        if info != self._info:
            self._info = info
            self.form = None
            self._known = None
            if info is not None:
                self._known = sound_form(info.codec, info.rate_hz, info.channels, info.extradata)
        self._ends = None
        self._heard = 0
        learns = info is not None and info.codec == "aac" and not info.extradata
        self.is_awaited = self.form is None and (self._known is not None or learns)

    def give_up(self) -> None:
        """What was announced does not come; if it does later, it is taken up all the same."""
        self.is_awaited = False

    def check(self, video_dts: int) -> None:
        """Notice that the sound has stopped; called at key pictures."""
        if self.form is not None and video_dts - self._heard > _GONE_AFTER:
            self.form = None

    def take(self, packet: SoundPacket, *, shift: int, newest: int) -> Sample | None:
        """The Sample of a packet; None when it is not kept.

        Args:
            packet: The next one.
            shift: What was added to the video's axis, in its ticks.
            newest: Where the video stands, in its ticks.
        """
        data = bytes(packet.data)
        if self._info is not None and self._info.codec == "aac":
            if self._known is None and (config := adts_config(data)) is not None:
                self._known = sound_form("aac", 0, 0, config)
            data = without_adts(data)
        form = self._known
        if form is None or not data:
            return None
        self.form, self.is_awaited, self._heard = form, False, newest
        begins = self._ends
        if packet.pts_s is not None:
            said = round((packet.pts_s + shift / VIDEO_TICKS) * form.rate_hz)
            if begins is None or said - begins > _TREMBLE_S * form.rate_hz:
                begins = said
            elif begins - said > _BEHIND_S * form.rate_hz:
                return None
        elif begins is None:
            begins = sound_ticks(newest, form)
        self._ends = begins + frame_ticks(form, data)
        return Sample(data, begins, begins, is_key=True, is_sound=True, at=packet.at)
