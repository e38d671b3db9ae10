"""What cameras say of their streams, as cameras write it."""

from __future__ import annotations

import pytest

from cameras.errors import SourceError, UnfitError
from cameras.streams.rtsp.announced import stream_info
from cameras.streams.rtsp.sdp import AacFraming, read_sdp
from tests.fakes.media import video_packets
from tests.fakes.rtsp_camera import described

HIKVISION = described(
    "a=control:rtsp://192.168.1.64:554/Streaming/Channels/101/\r\n"
    "m=video 0 RTP/AVP 96\r\nb=AS:5000\r\na=recvonly\r\na=x-dimensions:1920,1080\r\n"
    "a=control:rtsp://192.168.1.64:554/Streaming/Channels/101/trackID=1\r\na=rtpmap:96 H264/90000\r\n"
    "a=fmtp:96 profile-level-id=420029; packetization-mode=1; "
    "sprop-parameter-sets=Z0LAHtkAoD2hAAADAAEAAAMAKA8WLkg=,aMuDyyA=\r\n"
    "m=audio 0 RTP/AVP 104\r\na=control:rtsp://192.168.1.64:554/Streaming/Channels/101/trackID=2\r\n"
    "a=rtpmap:104 mpeg4-generic/16000/1\r\n"
    "a=fmtp:104 profile-level-id=15; streamtype=5; mode=AAC-hbr; config=1408;SizeLength=13; IndexLength=3; "
    "IndexDeltaLength=3; Profile=1;\r\n"
)
DAHUA = described(
    "a=control:*\r\n"
    "m=video 0 RTP/AVP 98\r\na=control:trackID=0\r\na=framerate:25.000000\r\na=rtpmap:98 H265/90000\r\n"
    "a=fmtp:98 profile-id=1\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\na=rtpmap:8 PCMA/8000\r\n"
    "m=application 0 RTP/AVP 107\r\na=control:trackID=4\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"
)


def test_h264_with_aac() -> None:
    found = read_sdp(HIKVISION.encode())
    assert (found.video.codec, found.video.payload_type, found.video.hz) == ("h264", 96, 90_000)
    assert found.video.control.endswith("trackID=1")
    assert found.video.extradata.startswith(b"\0\0\0\1\x67\x42\xc0\x1e")
    assert found.video.extradata.count(b"\0\0\0\1") == 2
    assert found.sound is not None
    assert (found.sound.info.codec, found.sound.info.rate_hz, found.sound.info.channels) == ("aac", 16_000, 1)
    assert found.sound.info.extradata == b"\x14\x08"
    assert found.sound.framing == AacFraming(13, 3, 3)


def test_h265_with_g711_and_other_things() -> None:
    found = read_sdp(DAHUA.encode())
    assert (found.control, found.video.codec, found.video.fps) == ("*", "hevc", 25.0)
    assert found.video.extradata == b""
    assert found.sound is not None
    assert (found.sound.info.codec, found.sound.info.rate_hz, found.sound.payload_type) == ("pcm_alaw", 8000, 8)
    assert found.sound.framing is None


@pytest.mark.parametrize(
    "media",
    [
        "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 MP4A-LATM/8000\r\n",
        "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 MPEG4-GENERIC/8000\r\na=fmtp:96 constantsize=100\r\n",
    ],
    ids=["latm", "constant size"],
)
def test_sound_that_recordings_keep_and_the_loop_does_not_know_is_for_ffmpeg(media: str) -> None:
    with pytest.raises(UnfitError):
        read_sdp((DAHUA.partition("m=audio")[0] + media).encode())


def test_sound_that_nobody_keeps_is_passed_over() -> None:
    found = read_sdp((DAHUA.partition("m=audio")[0] + "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 G726-16/8000\r\n").encode())
    assert found.sound is None


def test_without_video_there_is_nothing_to_read() -> None:
    with pytest.raises(SourceError):
        read_sdp(b"v=0\r\nm=audio 0 RTP/AVP 8\r\n")


@pytest.mark.parametrize(
    ("codec", "b_frames", "reorders"),
    [("libx264", 0, False), ("libx264", 2, True), ("libx265", 0, False), ("libx265", 2, True)],
)
def test_parameter_sets_say_size_rate_and_order(codec: str, b_frames: int, *, reorders: bool) -> None:
    extradata, _ = video_packets(codec=codec, b_frames=b_frames, fps=12, announced=True)
    info = stream_info("h264" if codec == "libx264" else "hevc", extradata, None, None)
    assert (info.width, info.height, info.fps, info.reorders) == (320, 180, 12.0, reorders)
