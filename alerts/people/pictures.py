"""Pictures that people send: recognised by their bytes, and stripped of everything but the picture.

Nothing is decoded here: the hub process loads no decoder, and a picture from a stranger's phone is hostile input. A
JPEG or PNG is walked by its structure; only the parts that a viewer needs are copied, so that place, owner, thumbnails
and whatever was appended stay behind. Of what the camera wrote only the orientation is kept, because without it the
picture lies on its side. Pure.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from config.errors import HubError

JPEG, PNG = "image/jpeg", "image/png"
MOST_PIXELS = 120_000_000
"""The largest phone sensors have 108 million; more is a bomb for whoever decodes it."""

_MOST_PARTS = 20_000
"""Phones write some 30 in a JPEG and a thousand in a PNG of 8 MiB; millions would keep everybody else waiting."""
_TOO_MANY = f"the picture has more than {_MOST_PARTS} parts"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
_HEIF_BRANDS = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif")
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers that begin a frame and hold its size (ITU-T T.81, table B.1)."""
_STANDING_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the coded data of a scan: a marker that is neither stuffing nor a restart."""
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_EXIF = b"Exif\x00\x00"
_ORIENTATION, _GPS = 0x0112, 0x8825
_UPRIGHT, _LAST_ORIENTATION = 1, 8


class PictureError(HubError):
    """A file that cannot be taken as a picture; says why, for the sender."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept.

    Attributes:
        data: Without what the camera wrote about itself.
        media: JPEG or PNG.
        width_px, height_px: As coded, before it is turned upright.
        place: Latitude and longitude that the camera had written, degrees; only for who asks for it.
    """

    data: bytes
    media: str
    width_px: int
    height_px: int
    place: tuple[float, float] | None = None


def picture(data: bytes) -> Picture:
    """What was sent, as it is kept.

    Raises:
        PictureError: It is none, of another kind, or damaged.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _png(data)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise PictureError("HEIC and AVIF pictures cannot be read here; set the camera to JPEG (most compatible)")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise PictureError("WebP pictures cannot be read here; send JPEG or PNG")
    raise PictureError("this is neither a JPEG nor a PNG picture")


def _jpeg(data: bytes) -> Picture:  # noqa: C901 - one branch for each kind of marker
    kept = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    orientation, place, scans, at = _UPRIGHT, None, 0, 2
    for _ in range(_MOST_PARTS):
        marker, at = _marker(data, at)
        if marker == _EOI:
            break
        if marker in _STANDING_ALONE:
            continue
        body = _segment(data, at)
        at += 2 + len(body)
        if marker in _FRAMES:
            size = _frame_size(body)
        if marker == _APP1 and body.startswith(_EXIF):
            orientation, place = _exif(body[len(_EXIF) :])
        elif _needed(marker, body):
            kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
        if marker == _SOS:
            ended = _AFTER_SCAN.search(data, at)
            if ended is None:
                raise PictureError("the picture is cut off; send it again")
            kept.append(data[at : ended.start()])
            at, scans = ended.start(), scans + 1
    else:
        raise PictureError(_TOO_MANY)
    if size is None or not scans:
        raise PictureError("the file begins as a JPEG picture and holds none")
    _bounded(*size)
    if orientation != _UPRIGHT:
        kept.insert(1, _turned(orientation))
    return Picture(b"".join((*kept, b"\xff\xd9")), JPEG, size[0], size[1], place)


def _needed(marker: int, body: bytes) -> bool:
    """Whether a viewer needs it: of the application's own parts the frame, colour profile and colour transform."""
    if marker == _APP0:
        return body.startswith(b"JFIF\x00")
    if marker == _APP2:
        return body.startswith(b"ICC_PROFILE\x00")
    if marker == _APP14:
        return body.startswith(b"Adobe")
    return marker != _COM and not _APP0 <= marker <= _APP15 and marker != _SOI


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The next marker, and where it ends; any number of 0xFF may stand before it."""
    if at >= len(data) or data[at] != 0xFF:  # noqa: PLR2004 - what every marker begins with
        raise PictureError("the picture is damaged or cut off; send it again")
    while at < len(data) and data[at] == 0xFF:  # noqa: PLR2004
        at += 1
    if at >= len(data):
        raise PictureError("the picture is cut off; send it again")
    return data[at], at + 1


def _segment(data: bytes, at: int) -> bytes:
    length = int.from_bytes(data[at : at + 2], "big")
    body = data[at + 2 : at + length]
    if length < 2 or len(body) != length - 2:  # noqa: PLR2004 - the length counts itself
        raise PictureError("the picture is damaged or cut off; send it again")
    return body


def _frame_size(body: bytes) -> tuple[int, int]:
    if len(body) < 5:  # noqa: PLR2004 - precision, height, width
        raise PictureError("the picture is damaged; send it again")
    height_px, width_px = struct.unpack_from(">HH", body, 1)
    return width_px, height_px


def _bounded(width_px: int, height_px: int) -> None:
    if not width_px or not height_px:
        raise PictureError("the picture has no size")
    if width_px * height_px > MOST_PIXELS:
        raise PictureError(f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels")


def _turned(orientation: int) -> bytes:
    """An Exif part that holds the orientation and nothing else (Exif 2.32, 4.6.2; TIFF 6.0, big-endian)."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    body = _EXIF + b"MM\x00*\x00\x00\x00\x08" + struct.pack(">H", 1) + entry + b"\x00\x00\x00\x00"
    return struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body


def _exif(tiff: bytes) -> tuple[int, tuple[float, float] | None]:
    """Orientation and place; what cannot be read is as if it were not there."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return _UPRIGHT, None
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        entries = _entries(tiff, first, order)
        orientation, place = _UPRIGHT, None
        if _ORIENTATION in entries:
            (orientation,) = struct.unpack_from(f"{order}H", tiff, entries[_ORIENTATION])
        if _GPS in entries:
            (gps,) = struct.unpack_from(f"{order}I", tiff, entries[_GPS])
            place = _place(tiff, _entries(tiff, gps, order), order)
    except (struct.error, KeyError, ZeroDivisionError):
        return _UPRIGHT, None
    return (orientation if _UPRIGHT <= orientation <= _LAST_ORIENTATION else _UPRIGHT), place


def _entries(tiff: bytes, at: int, order: str) -> dict[int, int]:
    """Where the value of each tag of a directory stands; a directory of a photo has a few dozen."""
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    return {struct.unpack_from(f"{order}H", tiff, at + 2 + 12 * n)[0]: at + 2 + 12 * n + 8 for n in range(count)}


def _place(tiff: bytes, gps: dict[int, int], order: str) -> tuple[float, float] | None:
    degrees = []
    for reference, value, negative, most in ((1, 2, b"S", 90.0), (3, 4, b"W", 180.0)):
        (at,) = struct.unpack_from(f"{order}I", tiff, gps[value])
        whole, under, minutes, under_m, seconds, under_s = struct.unpack_from(f"{order}6I", tiff, at)
        amount = whole / under + minutes / under_m / 60 + seconds / under_s / 3600
        sign = -1 if tiff[gps[reference] : gps[reference] + 1] == negative else 1
        if amount > most:
            return None
        degrees.append(sign * amount)
    return degrees[0], degrees[1]


def _png(data: bytes) -> Picture:
    kept, at, size, filled = [_PNG_SIGNATURE], len(_PNG_SIGNATURE), None, False
    for _ in range(_MOST_PARTS):
        head = data[at : at + 8]
        if len(head) < 8:  # noqa: PLR2004 - length and name
            raise PictureError("the picture is cut off; send it again")
        length, name = struct.unpack(">I4s", head)
        chunk = data[at : at + 12 + length]
        body = chunk[8:-4]
        if len(chunk) != 12 + length or zlib.crc32(name + body) != int.from_bytes(chunk[-4:], "big"):
            raise PictureError("the picture is damaged or cut off; send it again")
        at += len(chunk)
        if name == b"IHDR" and length == 13:  # noqa: PLR2004 - as the standard says
            size = struct.unpack_from(">II", body)
        filled = filled or name == b"IDAT"
        if name in _PNG_KEPT:
            kept.append(chunk)
        if name == b"IEND":
            break
    else:
        raise PictureError(_TOO_MANY)
    if size is None or not filled:
        raise PictureError("the file begins as a PNG picture and holds none")
    _bounded(size[0], size[1])
    return Picture(b"".join(kept), PNG, size[0], size[1])
