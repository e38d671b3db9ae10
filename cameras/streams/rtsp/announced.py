"""Announced: what parameter sets say about a stream's pictures: size, rate, and whether they change places.

For `StreamInfo`; what cannot be read is not known, and no error.
"""

from __future__ import annotations

import contextlib

import av
from av.error import FFmpegError

from cameras.recordings.mp4.codecs import ParameterSets
from cameras.recordings.mp4.nals import split
from cameras.streams.packets import SoundInfo, StreamInfo
from cameras.streams.rtsp.h264_sps import read_sps

_MOST_FPS = 240.0
_SPS = 7


def stream_info(codec: str, extradata: bytes, fps: float | None, sound: SoundInfo | None) -> StreamInfo:
    """What is known of a stream.

    Args:
        codec: `h264` or `hevc`.
        extradata: Parameter sets behind start codes, or nothing.
        fps: As the session description says.
        sound: What sound comes with it.
    """
    form = ParameterSets.of(codec, extradata).form()
    rate: float | None = None
    reorders = False
    if codec == "h264":
        for nal in split(extradata):
            if nal[0] & 0x1F == _SPS:
                with contextlib.suppress(ValueError):
                    said = read_sps(bytes(nal))
                    rate, reorders = said.fps, said.reorders
    elif form is not None:
        rate, reorders = _h265(extradata)
    return StreamInfo(
        codec=codec,
        width=0 if form is None else form.width,
        height=0 if form is None else form.height,
        fps=fps or (rate if rate and rate <= _MOST_FPS else None),
        extradata=extradata,
        reorders=reorders,
        sound=sound,
    )


def _h265(extradata: bytes) -> tuple[float | None, bool]:
    """Rate and reordering, as FFmpeg's decoder reads them: they stand behind much else in these parameter sets."""
    context = av.CodecContext.create("hevc", "r")
    context.extradata = extradata
    context.thread_count = 1
    try:
        context.open()
    except FFmpegError:
        return None, False
    return (float(context.framerate) if context.framerate else None), bool(context.has_b_frames)
