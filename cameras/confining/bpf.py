"""Seccomp: filters of system calls, put into the kernel by ctypes, for x86-64 and 64-bit ARM.

Small on purpose: a filter here is a list of call numbers with what becomes of them, one comparison each, and nothing
else; the tests run every filter in a process of its own. A call of another architecture (32-bit code, x32) ends the
process: its numbers mean other calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

SYSCALLS = {
    "x86_64": {
        "acct": 163, "add_key": 248, "bind": 49, "bpf": 321, "chmod": 90, "chown": 92, "chroot": 161,
        "clock_adjtime": 305, "clock_settime": 227, "clone": 56, "clone3": 435, "connect": 42, "delete_module": 176,
        "execve": 59, "execveat": 322, "fanotify_init": 300, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452,
        "fchown": 93, "fchownat": 260, "file_setattr": 469, "finit_module": 313, "fork": 57, "fremovexattr": 199,
        "fsconfig": 431, "fsetxattr": 190, "fsmount": 432, "fsopen": 430, "fspick": 433, "futimesat": 261,
        "init_module": 175, "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425, "ioperm": 173,
        "iopl": 172, "ioprio_set": 251, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246, "keyctl": 250,
        "lchown": 94, "listen": 50, "lookup_dcookie": 212, "lremovexattr": 198, "lsetxattr": 189, "migrate_pages": 256,
        "mount": 165, "mount_setattr": 442, "move_mount": 429, "move_pages": 279, "name_to_handle_at": 303,
        "nfsservctl": 180, "open_by_handle_at": 304, "open_tree": 428, "perf_event_open": 298, "personality": 135,
        "pidfd_getfd": 438, "pivot_root": 155, "prlimit64": 302, "process_madvise": 440, "process_mrelease": 448,
        "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101, "quotactl": 179, "quotactl_fd": 443,
        "reboot": 169, "removexattr": 197, "removexattrat": 466, "request_key": 249, "sched_setaffinity": 203,
        "sched_setattr": 314, "sched_setparam": 142, "sched_setscheduler": 144, "sendmmsg": 307, "sendmsg": 46,
        "sendto": 44, "setdomainname": 171, "sethostname": 170, "setns": 308, "setpriority": 141, "settimeofday": 164,
        "setxattr": 188, "setxattrat": 463, "socket": 41, "socketpair": 53, "swapoff": 168, "swapon": 167,
        "syslog": 103, "umount2": 166, "unshare": 272, "userfaultfd": 323, "utime": 132, "utimensat": 280,
        "utimes": 235, "vfork": 58, "vhangup": 153,
    },
    "aarch64": {
        "acct": 89, "add_key": 217, "bind": 200, "bpf": 280, "chroot": 51, "clock_adjtime": 266, "clock_settime": 112,
        "clone": 220, "clone3": 435, "connect": 203, "delete_module": 106, "execve": 221, "execveat": 281,
        "fanotify_init": 262, "fchmod": 52, "fchmodat": 53, "fchmodat2": 452, "fchown": 55, "fchownat": 54,
        "file_setattr": 469, "finit_module": 273, "fremovexattr": 16, "fsconfig": 431, "fsetxattr": 7, "fsmount": 432,
        "fsopen": 430, "fspick": 433, "init_module": 105, "io_uring_enter": 426, "io_uring_register": 427,
        "io_uring_setup": 425, "ioprio_set": 30, "kcmp": 272, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
        "listen": 201, "lookup_dcookie": 18, "lremovexattr": 15, "lsetxattr": 6, "migrate_pages": 238, "mount": 40,
        "mount_setattr": 442, "move_mount": 429, "move_pages": 239, "name_to_handle_at": 264, "nfsservctl": 42,
        "open_by_handle_at": 265, "open_tree": 428, "perf_event_open": 241, "personality": 92, "pidfd_getfd": 438,
        "pivot_root": 41, "prlimit64": 261, "process_madvise": 440, "process_mrelease": 448, "process_vm_readv": 270,
        "process_vm_writev": 271, "ptrace": 117, "quotactl": 60, "quotactl_fd": 443, "reboot": 142, "removexattr": 14,
        "removexattrat": 466, "request_key": 218, "sched_setaffinity": 122, "sched_setattr": 274, "sched_setparam": 118,
        "sched_setscheduler": 119, "sendmmsg": 269, "sendmsg": 211, "sendto": 206, "setdomainname": 162,
        "sethostname": 161, "setns": 268, "setpriority": 140, "settimeofday": 170, "setxattr": 5, "setxattrat": 463,
        "socket": 198, "socketpair": 199, "swapoff": 225, "swapon": 224, "syslog": 116, "umount2": 39, "unshare": 97,
        "userfaultfd": 282, "utimensat": 88, "vhangup": 58,
    },
}  # fmt: skip
"""Numbers of the calls that are spoken of here."""

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16  # offsets in struct seccomp_data; the low half of the first argument

ALLOW = 0x7FFF0000
KILL = 0x80000000
NOTIFY = 0x7FC00000
_ERRNO = 0x00050000

_SET_MODE_FILTER = 1
_TSYNC, _NEW_LISTENER, _TSYNC_ESRCH = 1, 8, 16
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


class SeccompError(OSError):
    """The kernel does not take the filter, or does not know filters."""


def refuse(number: int) -> int:
    """What becomes of a call that fails with this error."""
    return _ERRNO | number


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a call.

    Attributes:
        call: Its name; one that this architecture does not have is left out.
        action: `ALLOW`, `KILL`, `NOTIFY` or `refuse(...)`.
        unless: Values of the argument with which it is allowed; None is none.
        unless_bit: A bit of the argument with which it is allowed; 0 is none.
        if_bit: A bit of the argument without which it is allowed; 0 is none.
        argument: Which of its arguments is meant, from 0; of it the low half counts.
    """

    call: str
    action: int
    unless: tuple[int, ...] | None = None
    unless_bit: int = 0
    if_bit: int = 0
    argument: int = 0


def program(rules: Sequence[Rule], machine: str) -> bytes:
    """The filter as the kernel reads it: what no rule names is allowed.

    Raises:
        SeccompError: Nothing is known of this architecture.
    """
    if machine not in _ARCHITECTURES:
        raise SeccompError(errno.ENOSYS, f"nothing is known of system calls on {machine}")
    made = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, _ARCHITECTURES[machine], yes=1), _step(_RETURN, KILL)]
    made.append(_step(_LOAD, _NUMBER))
    if machine == "x86_64":
        made += [_step(_AT_LEAST, _X32, no=1), _step(_RETURN, KILL)]
    for rule in rules:
        number = SYSCALLS[machine].get(rule.call)
        if number is None:
            continue
        values, argument = rule.unless, _FIRST + 8 * rule.argument
        if bit := rule.unless_bit or rule.if_bit:
            is_right, is_wrong = (1, 0) if rule.unless_bit else (0, 1)
            made += [_step(_EQUAL, number, no=4), _step(_LOAD, argument)]
            made.append(_step(_ANY_BIT, bit, yes=is_right, no=is_wrong))
            made += [_step(_RETURN, rule.action), _step(_RETURN, ALLOW)]
            continue
        if values is None:
            made += [_step(_EQUAL, number, no=1), _step(_RETURN, rule.action)]
            continue
        made.append(_step(_EQUAL, number, no=len(values) + 3))
        made.append(_step(_LOAD, argument))
        made += [_step(_EQUAL, value, yes=len(values) - place) for place, value in enumerate(values)]
        made += [_step(_RETURN, rule.action), _step(_RETURN, ALLOW)]
    made.append(_step(_RETURN, ALLOW))
    return b"".join(made)


def install(rules: Sequence[Rule], *, listens: bool = False) -> int:
    """Put a filter before all threads of this process; nothing takes it away again.

    Args:
        rules: What becomes of which call.
        listens: Whether a rule notifies.

    Returns:
        The descriptor at which calls with `NOTIFY` are decided, or 0.

    Raises:
        SeccompError: The kernel refuses.
    """
    machine = platform.machine()
    code = program(rules, machine)
    no_new_privileges()
    steps = ctypes.create_string_buffer(code, len(code))
    passed = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(steps))
    flags = _NEW_LISTENER | _TSYNC | _TSYNC_ESRCH if listens else _TSYNC
    answer: int = _libc.syscall(_SECCOMP_CALL[machine], _SET_MODE_FILTER, flags, passed)
    if answer < 0:
        raise SeccompError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if answer > 0 and not listens:
        raise SeccompError(errno.ESRCH, f"thread {answer} has another filter")
    return answer


def no_new_privileges() -> None:
    """No program that is started from here gains rights by set-user-id or capabilities of its file.

    Raises:
        SeccompError: The kernel does not know that.
    """
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SeccompError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _step(code: int, operand: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, operand)
