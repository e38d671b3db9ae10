"""Advice: whether what a camera sends fits what is done with it here, and what to set otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cameras.setting_up.words import ProbedStream, Said

LEAST_WIDTH, BEST_WIDTH, MOST_WIDTH = 320, 640, 1280
LEAST_FPS, BEST_FPS, MOST_FPS = 4.0, 8.0, 15.0
MOST_KEYFRAME_S = 4.5
"""Beyond 5 s an idle camera is never put to sleep, and whoever begins to watch waits for so long."""

KEPT_CODECS = ("h264", "hevc")
_CLOCK_S = 5.0


def channel_advice(main: ProbedStream, sub: ProbedStream | None) -> tuple[bool, tuple[Said, ...]]:
    """Whether what would be analysed fits, and what to set otherwise."""
    analysed = main if sub is None else sub
    found = [*_stream_advice(analysed, is_sub=sub is not None)]
    fits = analysed.problem is None and not any(each.word in _UNFIT for each in found)
    if sub is None and main.problem is None and main.width > MOST_WIDTH:
        found.append(
            Said(
                "no_sub",
                f"没有子码流：分析只能用主码流，费力数倍；请在摄像机里开启子码流，{BEST_WIDTH} 宽，{BEST_FPS:g} 帧/秒",
                "There is no sub stream: the large one is analysed, at several times the work; switch a sub stream on "
                f"in the camera, {BEST_WIDTH} wide, {BEST_FPS:g} pictures a second",
            )
        )
    if main.problem is None and main.codec not in KEPT_CODECS:
        found.append(
            Said(
                "not_recorded",
                "主码流不是 H.264 或 H.265，不能录像；请在摄像机里更改编码",
                "The main stream is neither H.264 nor H.265 and cannot be recorded; set its encoding in the camera",
            )
        )
    if main.problem is None and not main.sound_came:
        zh = "主码流声称有声音但没有收到" if main.sound else "没有声音；需要时在摄像机里开启音频"
        en = (
            "The main stream announces sound, and none comes"
            if main.sound
            else "There is no sound; switch audio on in the camera if it is wanted"
        )
        found.append(Said("no_sound", zh, en))
    return fits, tuple(found)


def clock_advice(offset_s: float | None) -> Iterator[Said]:
    """What is to be said of the camera's clock."""
    if offset_s is not None and abs(offset_s) > _CLOCK_S:
        zh = f"摄像机时钟{'快' if offset_s > 0 else '慢'} {abs(offset_s):.0f} 秒；请在摄像机里设置 NTP"
        en = f"Its clock is {abs(offset_s):.0f} s {'fast' if offset_s > 0 else 'slow'}; set NTP in the camera"
        yield Said("clock_wrong", zh, en)


_UNFIT = frozenset({"too_small", "too_slow", "codec_unfit"})


def _stream_advice(stream: ProbedStream, *, is_sub: bool) -> Iterator[Said]:
    if stream.problem is not None:
        return
    zh, en = ("子码流", "The sub stream") if is_sub else ("主码流", "The stream")
    size = f"{stream.width}x{stream.height}"
    if stream.codec not in (*KEPT_CODECS, "mjpeg", "mpeg4"):
        yield Said(
            "codec_unfit",
            f"{zh}的编码 {stream.codec} 不适合分析；请设为 H.264",
            f"{en} is {stream.codec}, which does not suit analysis; set it to H.264",
        )
    if stream.width < LEAST_WIDTH:
        yield Said(
            "too_small",
            f"{zh}只有 {size}，远处的人和车看不清；请设为 {BEST_WIDTH} 宽",
            f"{en} is {size}: people and vehicles at a distance cannot be seen; set it {BEST_WIDTH} wide",
        )
    elif is_sub and stream.width > MOST_WIDTH:
        yield Said(
            "too_large",
            f"{zh}为 {size}，分析不需要这么大；请设为 {BEST_WIDTH} 宽，可省大半计算",
            f"{en} is {size}, more than analysis looks at; {BEST_WIDTH} wide saves most of the work",
        )
    fps = stream.measured_fps
    if fps is not None and fps < LEAST_FPS:
        yield Said(
            "too_slow",
            f"{zh}每秒只有 {fps:g} 帧，看不出火焰闪烁和快速动作；请设为 {BEST_FPS:g} 帧/秒",
            f"{en} has {fps:g} pictures a second: no flicker of fire, no quick move can be seen; set {BEST_FPS:g}",
        )
    elif is_sub and fps is not None and fps > MOST_FPS:
        yield Said(
            "too_fast",
            f"{zh}每秒 {fps:g} 帧，分析只看 {BEST_FPS:g} 帧；请降低以节省",
            f"{en} has {fps:g} pictures a second, and analysis looks at {BEST_FPS:g}; fewer save work",
        )
    if stream.keyframe_s is not None and stream.keyframe_s > MOST_KEYFRAME_S:
        yield Said(
            "keyframes_apart",
            f"{zh}的关键帧间隔 {stream.keyframe_s:g} 秒，太长；请设为 2 秒",
            f"{en} has key frames {stream.keyframe_s:g} s apart, which is long; set 2 s",
        )
