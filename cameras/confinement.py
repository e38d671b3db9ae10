"""Confinement: what a process that speaks with cameras gives up before it meets the first one.

A camera is hostile input, and what reads it is a hundred thousand lines of other people's C. So whoever takes over a
worker finds: no other program to start, no file but the code, the models and its recordings, no database, no keys, no
port to listen at, no way to look into other processes. Everything here is final, needs no privileges, and what the
kernel does not offer is left out and said (`Confinement.missing`), never passed over.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cameras.confining.bpf import Rule, install, no_new_privileges, refuse
from cameras.confining.connections import watch_connections
from cameras.confining.landlock import LandlockError, abi, restrict
from cameras.confining.prctl import drop_capabilities, not_dumpable
from config.machine import Machine
from hub.networks import Allowed, cameras_allowed

_ROOT = Path(__file__).resolve().parents[1]
_OURS = ("config", "hub", "cameras", "tests")
"""What is imported of the checkout; its other folders may hold settings and data."""

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/opt/cuda", "/nix/store", "/proc", "/sys", "/dev/urandom", "/dev/random", "/dev/zero",
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/localtime",
    "/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/services", "/etc/protocols",
    "/etc/passwd", "/etc/group", "/run/systemd/resolve", "/run/resolvconf",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/dri", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools")
_MOST_NVIDIA = 16
_MOST_SIBLINGS = 4096

_FILES = 8192
_FILE_BYTES = 64 << 30
"""An hour of the largest picture is a fraction of it."""

_LEAST_MEMORY_MIB = 2048
_ENDED_BEFORE = 500
"""Of 1000: when memory runs out the kernel ends a worker, which is started again, and not the hub."""

_THREAD = 0x00010000  # CLONE_THREAD
_FAMILIES = (1, 2, 10, 16)  # Unix, IPv4, IPv6, and netlink, of which the C library asks for its own addresses
_FAST_OPEN = 0x20000000  # MSG_FASTOPEN: connects without a `connect`
_OF_FILES = (
    "chmod", "chown", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "file_setattr", "fremovexattr",
    "fsetxattr", "futimesat", "lchown", "lremovexattr", "lsetxattr", "removexattr", "removexattrat", "setxattr",
    "setxattrat", "utime", "utimensat", "utimes",
)  # fmt: skip
"""Landlock does not hold what a file is, but what is in it."""
_OF_PROCESSES = ("prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler")
"""Of any process of the same user, by its number."""
_DENIED = (
    "acct", "add_key", "bpf", "chroot", "clock_adjtime", "clock_settime", "delete_module", "execve", "execveat",
    "fanotify_init", "finit_module", "fork", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "ioprio_set", "kcmp",
    "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "migrate_pages", "mount", "mount_setattr",
    "move_mount", "move_pages", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree",
    "perf_event_open", "personality", "pidfd_getfd", "pivot_root", "process_madvise", "process_mrelease",
    "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "quotactl_fd", "reboot", "request_key",
    "setdomainname", "sethostname", "setns", "settimeofday", "swapoff", "swapon", "syslog", "umount2", "unshare",
    "userfaultfd", "vfork", "vhangup",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Confinement:
    """What was given up.

    Attributes:
        in_force: In words, one each.
        missing: What this kernel does not offer, with the reason; empty where all is in force.
    """

    in_force: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class _Steps:
    in_force: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def take(self, words: str, step: Callable[[], object]) -> None:
        """Carry out one step; that the kernel refuses it is told and no reason to stop."""
        try:
            step()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.missing.append(f"{words}: {reason}")
        else:
            self.in_force.append(words)

    def done(self) -> Confinement:
        return Confinement(tuple(self.in_force), tuple(self.missing))


def confine_worker(machine: Machine, *, files: Iterable[Path] = ()) -> Confinement:
    """Confine this worker; before threads start, so before libraries are imported that start some.

    Args:
        machine: Where its disks, sockets and models are, how much memory it may take, and where cameras may be.
        files: Video files that stand in for cameras, and files with their passwords.
    """
    data = machine.data.resolve()
    own = [data / name for name in ("run", "views")]
    for folder in (*own, data / "disks"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for disk in machine.recording_disks:
        if not _was_apart(data / "disks" / f"{disk.id}.json"):
            with suppress(OSError):
                disk.path.mkdir(parents=True, exist_ok=True)
    disks = [disk.path for disk in machine.recording_disks]
    read = [data / "disks", *_code(data), *_around(machine.models_folder, data), *_own_model(machine)]
    read += _beside(files, data)
    memory_mib = machine.workers.memory_mib or _usual_memory_mib(machine.workers.count)
    allowed = cameras_allowed(machine.networks)
    return _confine(read=read, write=[*own, *disks], memory_mib=memory_mib, allowed=allowed)


def _was_apart(memory: Path) -> bool:
    """Whether a disk was on a file system of its own: then its folder is not made, for there it is mounted."""
    try:
        return bool(json.loads(memory.read_bytes()).get("apart"))
    except (OSError, ValueError, AttributeError):
        return False


def confine_child(allowed: Allowed, *, memory_mib: int = _LEAST_MEMORY_MIB) -> Confinement:
    """Confine a process that asks one camera one thing and ends: it writes nothing at all.

    Args:
        allowed: Where cameras may be.
        memory_mib: What it may take.
    """
    return _confine(read=list(_code(None)), write=[], memory_mib=memory_mib, allowed=allowed)


def _confine(*, read: list[Path], write: list[Path], memory_mib: int, allowed: Allowed) -> Confinement:
    steps = _Steps()
    steps.take("no new privileges", no_new_privileges)
    steps.take("no rights of root but to files", drop_capabilities)
    steps.take("no core dumps, no looking in from outside", not_dumpable)
    steps.take(f"at most {memory_mib} MiB of memory", functools.partial(_limit, resource.RLIMIT_DATA, memory_mib << 20))
    steps.take("ended before the hub when memory runs out", _end_first)
    steps.take(f"at most {_FILES} open files", functools.partial(_limit, resource.RLIMIT_NOFILE, _FILES))
    steps.take("no core files", functools.partial(_limit, resource.RLIMIT_CORE, 0))
    steps.take("no endless files", functools.partial(_limit, resource.RLIMIT_FSIZE, _FILE_BYTES))
    # Its parts lie around the rest: it opens a file before they are taken away, and its thread is to be held, too.
    begun: list[Callable[[], None]] = []
    steps.take("every connection is looked at, none is listened for", lambda: begun.append(watch_connections(allowed)))
    steps.take("files: code, models and recordings alone", functools.partial(_files, read, write))
    steps.take("no other programs, no system calls beyond its work", _calls)
    for begin in begun:
        begin()
    if 0 < (version := abi()) < _ABI_WANTED:
        steps.missing.append(f"Landlock {version}: the kernel is older than 6.12 and holds less of it")
    return steps.done()


_ABI_WANTED = 6


def _files(read: list[Path], write: list[Path]) -> None:
    devices = [Path(name) for name in _DEVICES] + [Path(f"/dev/nvidia{number}") for number in range(_MOST_NVIDIA)]
    others = len(list(Path("/proc/self/task").iterdir())) - 1
    restrict(read=read, write=write, devices=devices)
    if others:
        raise LandlockError(errno.EBUSY, f"{others} threads ran already and are not held to it")


def _calls() -> None:
    denied = [Rule(call, refuse(errno.EPERM)) for call in _DENIED]
    denied.append(Rule("clone3", refuse(errno.ENOSYS)))  # its flags cannot be seen: the C library then takes `clone`
    denied.append(Rule("clone", refuse(errno.EPERM), unless_bit=_THREAD))
    denied.append(Rule("socket", refuse(errno.EAFNOSUPPORT), unless=_FAMILIES))
    denied += [Rule(call, refuse(errno.EPERM)) for call in _OF_FILES]
    denied += [Rule(call, refuse(errno.EPERM), unless=(0, os.getpid())) for call in _OF_PROCESSES]
    denied.append(Rule("setpriority", refuse(errno.EPERM), unless=(0,), argument=1))
    for call, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        denied.append(Rule(call, refuse(errno.EOPNOTSUPP), if_bit=_FAST_OPEN, argument=flags))
    install(denied)


def _end_first() -> None:
    adjust = Path("/proc/self/oom_score_adj")
    if int(adjust.read_text(encoding="ascii")) < _ENDED_BEFORE:
        adjust.write_text(str(_ENDED_BEFORE), encoding="ascii")


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _usual_memory_mib(workers: int) -> int:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_LEAST_MEMORY_MIB, (pages >> 20) * 3 // 4 // workers)


def _code(hidden: Path | None) -> Iterator[Path]:
    """Everything that may still be imported or mapped."""
    yield from (Path(name) for name in _SYSTEM)
    yield from (_ROOT / name for name in _OURS)
    named = {Path(entry or ".").resolve() for entry in sys.path} | {Path(sys.base_prefix), Path(sys.prefix)}
    for entry in sorted(named - {Path("/"), Path.cwd(), _checkout()}):
        yield from _around(entry, hidden)


def _checkout() -> Path:
    """Where this runs from, unless that is a folder of packages."""
    return _ROOT if (_ROOT / "pyproject.toml").exists() else Path("/")


def _around(folder: Path, hidden: Path | None) -> Iterator[Path]:
    """`folder`, or where the hidden one lies in it, everything in it but that."""
    there = folder.resolve()
    if hidden is None or not hidden.is_relative_to(there):
        yield there
        return
    if there == hidden:
        return
    try:
        siblings = sorted(there.iterdir())[:_MOST_SIBLINGS]
    except OSError:
        return
    for sibling in siblings:
        if not sibling.is_symlink():
            yield from _around(sibling, hidden)


def _own_model(machine: Machine) -> Iterator[Path]:
    if machine.vision.objects is not None:
        yield machine.vision.objects.path


def _beside(files: Iterable[Path], hidden: Path) -> Iterator[Path]:
    """Files, but never one of the hub's own: whoever may set a camera's address must not read its keys by it."""
    for file in files:
        there = file.resolve()
        if not there.is_relative_to(hidden):
            yield there
