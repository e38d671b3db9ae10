"""Pictures that people send keep what is seen and lose everything else; what is no picture is refused in words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.people.photos import LEAST_FREE_BYTES, Photos
from alerts.people.pictures import JPEG, MOST_PIXELS, PNG, PictureError, picture
from hub.errors import NotAllowedError
from tests.fakes.pictures import LAT, LON, SECRET, decoded, phone_jpeg, phone_png, plain_jpeg, turned


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photo_of_a_phone_keeps_its_pixels_and_its_way_up_and_nothing_else(order: str, *, progressive: bool) -> None:
    sent = phone_jpeg(order=order, progressive=progressive)
    kept = picture(sent)
    assert (kept.media, kept.width_px, kept.height_px) == (JPEG, 64, 48)
    assert np.array_equal(decoded(kept.data), decoded(sent))
    assert turned(kept.data) == turned(sent) == (64, 48)
    for trace in (SECRET, b"xap", b"MPF", b"Photoshop", b"film", b"N\x00\x00\x00"):
        assert trace not in kept.data
    assert kept.place == (LAT, LON), "for who asks that the place be read"
    assert picture(kept.data).place is None


def test_a_picture_that_stands_upright_says_nothing_of_its_camera() -> None:
    assert b"Exif" not in picture(phone_jpeg(orientation=1)).data
    assert picture(plain_jpeg()).place is None


def test_a_png_keeps_its_pixels_and_nothing_else() -> None:
    kept = picture(phone_png())
    assert (kept.media, kept.width_px, kept.height_px, kept.place) == (PNG, 64, 48, None)
    assert np.array_equal(decoded(kept.data), decoded(phone_png()))
    assert SECRET not in kept.data
    assert not [name for name in (b"tEXt", b"eXIf", b"tIME") if name in kept.data]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 64, "HEIC"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"GIF89a", "neither a JPEG nor a PNG"),
        (b"<svg onload=alert(1)>", "neither a JPEG nor a PNG"),
        (b"", "neither a JPEG nor a PNG"),
        (plain_jpeg()[:-400], "cut off"),
        (plain_jpeg()[:40], "cut off"),
        (phone_png()[:200], "cut off"),
        (b"\xff\xd8\xff\xd9", "holds none"),
        (phone_png().replace(b"IDAT", b"IDaT", 1), "damaged"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        picture(data)


@pytest.mark.parametrize("data", [b"\xff\xd8" + b"\xff\xfe\x00\x02" * 30_000, b"\xff\xd8\xff" + b"\xff\x01" * 30_000])
def test_a_picture_of_nothing_but_parts_is_given_up_soon(data: bytes) -> None:
    with pytest.raises(PictureError, match="more than 20000 parts"):
        picture(data)


def test_a_picture_that_would_blow_up_who_decodes_it_is_refused() -> None:
    jpeg = plain_jpeg()
    at = jpeg.index(b"\xff\xc0") + 5
    with pytest.raises(PictureError, match=f"more than {MOST_PIXELS // 1_000_000} million pixels"):
        picture(jpeg[:at] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 4 :])


@given(st.binary(max_size=400), st.integers(0, 900))
def test_no_bytes_make_it_fail_in_another_way(noise: bytes, at: int) -> None:
    sent = phone_jpeg()
    for data in (noise, b"\xff\xd8\xff" + noise, sent[:at] + noise + sent[at + len(noise) :]):
        try:
            kept = picture(data)
        except PictureError:
            continue
        assert picture(kept.data).data == kept.data


def test_a_file_is_named_by_an_id_that_was_made_here(tmp_path: Path) -> None:
    photos = Photos(tmp_path / "reports")
    photos.keep("a" * 32, JPEG, b"x")
    kept = photos.of("a" * 32, JPEG)
    assert kept is not None
    assert kept.read_bytes() == b"x"
    assert (tmp_path / "reports").stat().st_mode & 0o077 == 0
    with pytest.raises(NotAllowedError, match="no id"):
        photos.of("../../hub", JPEG)
    photos.drop([("a" * 32, JPEG)])
    assert photos.of("a" * 32, JPEG) is None


def test_a_disk_that_is_nearly_full_takes_no_pictures(tmp_path: Path) -> None:
    photos = Photos(tmp_path, free_bytes=lambda _: LEAST_FREE_BYTES - 1)
    with pytest.raises(NotAllowedError, match="without them"):
        photos.keep("a" * 32, JPEG, b"x")
