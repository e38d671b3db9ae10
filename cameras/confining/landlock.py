"""Landlock: which files and ports this process may use, from now on and for good, by ctypes; no root is needed.

What no rule names is refused. Rules are tied to what lies at a path now, so whoever is granted a folder that is not
there yet is granted nothing. What the kernel does not know of (`abi`) is left out, and `Confined` says so.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from cameras.confining.bpf import no_new_privileges

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FILES_ONLY_MASK = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
_BASIC = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_BIND_TCP = 1 << 0
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
_ABI_REFER, _ABI_TRUNCATE, _ABI_NETWORK, _ABI_DEVICES, _ABI_SCOPES = 2, 3, 4, 5, 6

_libc = ctypes.CDLL(None, use_errno=True)


class LandlockError(OSError):
    """The kernel refuses, or does not know Landlock."""


def abi() -> int:
    """Which version the kernel offers; 0 is none."""
    found: int = _libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(0, found)


def restrict(*, read: Iterable[Path], write: Iterable[Path], devices: Iterable[Path] = ()) -> int:
    """Leave this thread, and those that it starts, nothing but these files, and no TCP port to listen at.

    Args:
        read: Files and folders with all beneath them, to be read and mapped as code, never executed as a program.
        write: Folders with all beneath them, to be read and written.
        devices: Device files that may be read, written and controlled.

    Returns:
        The version that is in force.

    Raises:
        LandlockError: Nothing is in force.
    """
    version = abi()
    if version == 0:
        raise LandlockError(ctypes.get_errno(), "this kernel has no Landlock, or it is switched off")
    handled = _BASIC
    for least, right in ((_ABI_REFER, _REFER), (_ABI_TRUNCATE, _TRUNCATE), (_ABI_DEVICES, _IOCTL_DEV)):
        if version >= least:
            handled |= right
    network = _BIND_TCP if version >= _ABI_NETWORK else 0
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= _ABI_SCOPES else 0
    attributes = struct.pack("=QQQ", handled, network, scopes)
    size = 24 if version >= _ABI_SCOPES else 16 if version >= _ABI_NETWORK else 8
    rules: int = _libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        raise _error("no rules can be made")
    try:
        reading = _READ_FILE | _READ_DIR
        writing = handled & ~(_EXECUTE | _IOCTL_DEV | 1 << 6 | 1 << 11)  # nor devices: they are made by nobody here
        for paths, right in ((read, reading), (write, writing), (devices, reading | _WRITE_FILE | _IOCTL_DEV)):
            for path in paths:
                _grant(rules, path, right & handled)
        no_new_privileges()
        if _libc.syscall(_RESTRICT, rules, 0) != 0:
            raise _error("the rules are refused")
    finally:
        os.close(rules)
    return version


def _grant(rules: int, path: Path, right: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be used
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            right &= _FILES_ONLY_MASK
        if right and _libc.syscall(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", right, descriptor), 0) != 0:
            raise _error(f"{path} cannot be granted")
    finally:
        os.close(descriptor)


def _error(what: str) -> LandlockError:
    number = ctypes.get_errno()
    return LandlockError(number, f"{what}: {os.strerror(number)}")
