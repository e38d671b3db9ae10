"""prctl and capabilities: a process into which nobody looks, and which is no longer root in more than name."""

from __future__ import annotations

import ctypes
import os
import struct

_PR_SET_DUMPABLE = 4
_VERSION_3 = 0x20080522
_KEPT = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: disks of root's may belong to others."""

_libc = ctypes.CDLL(None, use_errno=True)


def not_dumpable() -> None:
    """No core dump, and no ptrace by others of the same user.

    Raises:
        OSError: The system refuses.
    """
    _done(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))


def drop_capabilities() -> None:
    """Give up what root may beyond files, where this runs as root: looking into processes, networks, clocks, modules.

    Raises:
        OSError: The system refuses.
    """
    header = struct.pack("=Ii", _VERSION_3, 0)
    held = ctypes.create_string_buffer(24)
    _done(_libc.capget(header, held))
    low_effective, low_permitted, _, _, _, _ = struct.unpack("=6I", held.raw)
    kept = struct.pack("=6I", low_effective & _KEPT, low_permitted & _KEPT, 0, 0, 0, 0)
    _done(_libc.capset(header, kept))


def _done(answer: int) -> None:
    if answer != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
