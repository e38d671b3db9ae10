"""Kernel clock: whether the machine's time follows a time source, as the kernel of Linux says it.

Asks `adjtimex`, which needs no right and no daemon, and only reads. Where the kernel does not say (another system, a
sandbox) nothing is known, and nothing is claimed.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.selfwatch.watch import Finding, NotKnownError

KIND = "hub.clock"

_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000
_TIME_ERROR = 5
_OFFSET_STEP_S = 0.5


class _Timex(ctypes.Structure):
    """`struct timex` of Linux."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time_s", ctypes.c_long),
        ("time_us", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


@dataclass(frozen=True, slots=True)
class KernelTime:
    """What the kernel says of its clock.

    Attributes:
        state: What `adjtimex` returns.
        status: Its bits.
        offset: Still to be corrected, in nanoseconds or microseconds as the bits say.
    """

    state: int
    status: int
    offset: int


def ask_kernel() -> KernelTime:
    """Ask the kernel.

    Raises:
        NotKnownError: It does not say.
    """
    if not sys.platform.startswith("linux"):
        raise NotKnownError("only Linux tells whether its clock follows a time source")
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError) as error:
        raise NotKnownError("the C library has no adjtimex") from error
    timex = _Timex()
    state = adjtimex(ctypes.byref(timex))
    if state < 0:
        raise NotKnownError(f"the kernel does not answer adjtimex (errno {ctypes.get_errno()})")
    return KernelTime(state, timex.status, timex.offset)


def look_at_clock(ask: Callable[[], KernelTime] = ask_kernel) -> Iterator[Finding]:
    """Whether the clock follows a time source, and how far it is off by the kernel's own account.

    Raises:
        NotKnownError: Nobody says.
    """
    told = ask()
    synchronised = told.state != _TIME_ERROR and not told.status & _STA_UNSYNC
    offset_s = told.offset / (1e9 if told.status & _STA_NANO else 1e6)
    fields = {"synchronised": synchronised, "offset_s": round(offset_s, 3)}
    yield Finding("hub", fields, steps={"offset_s": _OFFSET_STEP_S})
