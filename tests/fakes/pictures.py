"""Pictures as phones send them: with place, owner, a preview, and something behind the end."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

LAT, LON = 24.5, 102.25
SECRET = b"Zhang San's phone"


def scene(width_px: int = 64, height_px: int = 48) -> np.ndarray:
    """A picture: (height, width, 3) uint8, BGR."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    return np.stack([rows * 5 % 256, columns * 4 % 256, (rows + columns) % 256], axis=-1).astype(np.uint8)


def plain_jpeg(*, progressive: bool = False) -> bytes:
    """A JPEG without anything of its camera."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return bytes(cv2.imencode(".jpg", scene(), options)[1])


def phone_jpeg(*, orientation: int = 6, order: str = "<", progressive: bool = False) -> bytes:
    """A JPEG as a phone makes it."""
    jpeg = plain_jpeg(progressive=progressive)
    exif = b"Exif\x00\x00" + _tiff(orientation, order)
    parts = (
        _segment(0xE1, exif),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + SECRET),
        _segment(0xED, b"Photoshop 3.0\x00" + SECRET),
        _segment(0xE2, b"MPF\x00" + SECRET),
        _segment(0xFE, SECRET),
    )
    return jpeg[:2] + b"".join(parts) + jpeg[2:] + b"a short film behind the end: " + SECRET


def phone_png() -> bytes:
    """A PNG with words, a time and a place in it."""
    png = bytes(cv2.imencode(".png", scene())[1])
    head = 8 + 25
    more = _chunk(b"tEXt", b"Author\x00" + SECRET) + _chunk(b"eXIf", _tiff(6, ">")) + _chunk(b"tIME", b"\x07\xea" * 3)
    return png[:head] + more + png[head:] + SECRET


def decoded(data: bytes) -> np.ndarray:
    """What is seen, not turned."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert image is not None
    return image


def turned(data: bytes) -> tuple[int, int]:
    """Height and width as a viewer shows them."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.shape[0], image.shape[1]


def _tiff(orientation: int, order: str) -> bytes:
    first = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    gps_at = 8 + 2 + 24 + 4
    first += struct.pack(f"{order}HHII", 0x8825, 4, 1, gps_at)
    values_at = gps_at + 2 + 48 + 4
    gps = struct.pack(f"{order}HHI4s", 1, 2, 2, b"N\x00\x00\x00")
    gps += struct.pack(f"{order}HHII", 2, 5, 3, values_at)
    gps += struct.pack(f"{order}HHI4s", 3, 2, 2, b"E\x00\x00\x00")
    gps += struct.pack(f"{order}HHII", 4, 5, 3, values_at + 24)
    values = struct.pack(f"{order}12I", 24, 1, 30, 1, 0, 1, 102, 1, 15, 1, 0, 1)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    directory = struct.pack(f"{order}H", 2) + first + struct.pack(f"{order}I", 0)
    return head + directory + struct.pack(f"{order}H", 4) + gps + struct.pack(f"{order}I", 0) + values + SECRET


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
