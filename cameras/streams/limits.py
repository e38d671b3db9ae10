"""Limits: how large pictures may be and how much may come, so that a hostile camera costs no more than an honest one.

The largest cameras have some 8,000 pixels a side and send 50 Mbit/s. What is far beyond that is no camera: the source
is refused with the reason, and its packets never fill memory or a disk.
"""

from __future__ import annotations

MOST_SIDE_PX = 8192
MOST_PACKET_BYTES = 32 * 1024 * 1024
"""A key picture of the largest camera is a few MB."""

MOST_PACKETS_S = 2000.0
MOST_BYTES_S = 40.0 * 1024 * 1024
_BURST_S = 10.0
"""What a camera held back while the network was away comes at once."""


def too_large(width: int, height: int) -> str:
    """Why a picture of this size is refused; empty when it is not."""
    if max(width, height) <= MOST_SIDE_PX:
        return ""
    return f"pictures of {width}x{height} are refused; at most {MOST_SIDE_PX}x{MOST_SIDE_PX}"


class Pace:
    """How much came of one connection; packets and bytes flow out of two buckets."""

    def __init__(self, now_s: float) -> None:
        """Begin, with empty buckets."""
        self._packets = 0.0
        self._bytes = 0.0
        self._at_s = now_s

    def take(self, size_bytes: int, now_s: float) -> str:
        """Count a packet.

        Args:
            size_bytes: Of it.
            now_s: Monotonic time.

        Returns:
            Why nothing more is taken; empty when there is no reason.
        """
        passed_s, self._at_s = max(0.0, now_s - self._at_s), now_s
        self._packets = max(0.0, self._packets - passed_s * MOST_PACKETS_S) + 1
        self._bytes = max(0.0, self._bytes - passed_s * MOST_BYTES_S) + size_bytes
        if size_bytes > MOST_PACKET_BYTES:
            return f"a packet of {size_bytes} bytes is refused; at most {MOST_PACKET_BYTES}"
        if self._packets > MOST_PACKETS_S * _BURST_S:
            return f"it sends more than {MOST_PACKETS_S:g} packets a second"
        if self._bytes > MOST_BYTES_S * _BURST_S:
            return f"it sends more than {MOST_BYTES_S / (1024 * 1024):g} MiB a second"
        return ""
