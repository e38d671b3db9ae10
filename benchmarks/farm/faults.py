"""Faults that a camera of the farm has on command, as real ones have them."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from typing import Any

_HEADERS_BYTES = 16
"""Of each packet: RTSP's frame and RTP's header, which TCP keeps whole."""


@dataclass(slots=True)
class Faults:
    """What is wrong with one camera; all at rest in the beginning.

    Attributes:
        lose: Share of packets that never come, 0..1.
        corrupt: Share of packets with a byte turned round, 0..1.
        freeze: No pictures, while the connection is kept alive.
        half_open: Nothing at all is sent, answered or read; the connection just stays.
        slow: Pictures come at this share of their rate, 0..1; 1 is as they should.
        jump_s: Added to the pictures' own time from now on, seconds.
        storm: Every connection is closed after half a second.
        password: The camera's password has changed: 401 for everybody.
        gone: Nobody is let in.
    """

    lose: float = 0.0
    corrupt: float = 0.0
    freeze: bool = False
    half_open: bool = False
    slow: float = 1.0
    jump_s: float = 0.0
    storm: bool = False
    password: bool = False
    gone: bool = False

    def set(self, wanted: dict[str, Any]) -> None:
        """Have these faults from now on; those not named stay.

        Raises:
            ValueError: There is no such fault.
        """
        known = {each.name for each in fields(self)}
        if unknown := sorted(set(wanted) - known):
            raise ValueError(f"no fault {unknown[0]!r}; there are {', '.join(sorted(known))}")
        for name, value in wanted.items():
            setattr(self, name, value)

    @property
    def touches_packets(self) -> bool:
        """Whether single packets are lost or damaged."""
        return self.lose > 0 or self.corrupt > 0

    def spoil(self, sent: bytearray, offsets: tuple[int, ...], dice: random.Random) -> bytes:
        """The packets of a picture after a bad line."""
        ends = (*offsets[1:], len(sent))
        kept = bytearray()
        for begin, end in zip(offsets, ends, strict=True):
            if dice.random() < self.lose:
                continue
            if dice.random() < self.corrupt:
                at = dice.randrange(begin + _HEADERS_BYTES, end)
                sent[at] ^= 1 << dice.randrange(8)
            kept += sent[begin:end]
        return bytes(kept)
