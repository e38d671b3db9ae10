"""Connections: each `connect`, `bind` and `listen` of this process is looked at before the kernel carries it out.

Libraries follow redirects and resolve names by themselves, FFmpeg among them. So the kernel asks a thread of ours
(seccomp user notification) which reads the address that is meant and says yes or no: what is not in the networks that
are allowed cannot be reached by a redirect, a play-list, a session description or a name that changes its mind. It
holds libraries, which do not race it; what keeps somebody who already runs code here from listening is Landlock.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import ipaddress
import logging
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from cameras.confining.bpf import NOTIFY, SYSCALLS, Rule, SeccompError, install
from config.networks import Address
from hub.networks import Allowed, NotAllowedNetworkError

logger = logging.getLogger(__name__)

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_ASKED = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif with seccomp_data in it
_ANSWER = struct.Struct("=QqiI")
_GO_ON = 1
_MOST_ADDRESS_BYTES = 128
_MOST_REMEMBERED = 1000
_DNS_PORT = 53
_NO_LISTENING = "listening is not allowed"
_NAME_SERVICES = (b"/run/systemd/resolve/", b"/run/avahi-daemon/", b"/run/nscd/", b"/var/run/nscd/")
"""Sockets at which the C library asks for names; who listens there connects nowhere on behalf of others."""


class _Watch:
    """The thread that is asked."""

    def __init__(self, listener: int, allowed: Allowed) -> None:
        self._listener = listener
        self._allowed = allowed
        self._memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        self._servers = _name_servers()
        self._lock = threading.Lock()
        self._refused: dict[int, str] = {}
        self._calls = {number: name for name, number in SYSCALLS[os.uname().machine].items()}

    def run(self) -> None:
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        while True:
            waiting.poll()
            asked = bytearray(_ASKED.size)
            try:
                fcntl.ioctl(self._listener, _RECEIVE, asked)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR):
                    continue  # who asked is gone
                logger.exception("connections cannot be looked at any more; none will be made")
                return
            number, thread, _, call, _, _, *arguments = _ASKED.unpack(asked)
            try:
                words = self._refusal(self._calls.get(call, ""), arguments)
            except Exception:
                logger.exception("a connection could not be looked at")
                words = "address not allowed: it cannot be read"
            answer = _ANSWER.pack(number, 0, -errno.EACCES, 0) if words else _ANSWER.pack(number, 0, 0, _GO_ON)
            if words:
                self._remember(thread, words)
            try:
                fcntl.ioctl(self._listener, _SEND, bytearray(answer))
            except OSError as error:
                if error.errno != errno.ENOENT:
                    logger.exception("an answer about a connection is not taken")

    def refusal_of(self, thread: int) -> str | None:
        with self._lock:
            return self._refused.pop(thread, None)

    def _remember(self, thread: int, words: str) -> None:
        with self._lock:
            if len(self._refused) >= _MOST_REMEMBERED:
                self._refused.clear()
            self._refused[thread] = words

    def _refusal(self, call: str, arguments: list[int]) -> str:
        """Why a call is refused; empty when it is not."""
        descriptor = ctypes.c_int(arguments[0] & 0xFFFFFFFF).value
        with socket.socket(fileno=os.dup(descriptor)) as asked:
            family, is_stream = asked.family, asked.type & 0xF == socket.SOCK_STREAM
        if call == "listen":
            return "" if family == socket.AF_UNIX else _NO_LISTENING
        size = min(arguments[2] & 0xFFFFFFFF, _MOST_ADDRESS_BYTES)
        written = os.pread(self._memory, size, arguments[1])
        said = struct.unpack_from("=H", written)[0]
        if said == socket.AF_UNIX:
            return self._local(call, written[2:])
        if said not in (socket.AF_INET, socket.AF_INET6):
            return ""  # netlink, and the undoing of a connection
        port = struct.unpack_from(">H", written, 2)[0]
        if call == "bind":
            return _NO_LISTENING if is_stream or port else ""
        # Names are asked for by UDP; nothing else here speaks it.
        ip = ipaddress.ip_address(written[8:24] if said == socket.AF_INET6 else written[4:8])
        is_name_server = port == _DNS_PORT and ip in self._servers
        return self._elsewhere(ip) if is_stream and not is_name_server else ""

    def _elsewhere(self, ip: Address) -> str:
        try:
            self._allowed.check(ip)
        except NotAllowedNetworkError as error:
            return str(error)
        return ""

    def _local(self, call: str, path: bytes) -> str:
        if call == "bind" or path.startswith(_NAME_SERVICES):
            return ""
        return "address not allowed: a socket of this machine"


_watches: list[_Watch] = []
"""At most one: a filter stays for good."""


def watch_connections(allowed: Allowed) -> Callable[[], None]:
    """From now on connect nowhere but to `allowed`, and listen at nothing but Unix sockets; once in a process.

    Returns:
        Begins to answer; until then every connection waits.

    Raises:
        SeccompError: The kernel does not offer it; nothing has changed.
    """
    if _watches:
        raise SeccompError(errno.EEXIST, "connections are watched already")
    if os.uname().machine not in SYSCALLS:
        raise SeccompError(errno.ENOSYS, f"nothing is known of system calls on {os.uname().machine}")
    listener = install([Rule(call, NOTIFY) for call in ("connect", "bind", "listen")], listens=True)
    watch = _Watch(listener, allowed)
    _watches.append(watch)
    return threading.Thread(target=watch.run, name="connections", daemon=True).start


def connections_watched() -> bool:
    """Whether each connection of this process is looked at."""
    return bool(_watches)


def refused_connection() -> str | None:
    """Why the newest connection of this thread was refused, told once; None when none was."""
    return _watches[0].refusal_of(threading.get_native_id()) if _watches else None


def _name_servers() -> frozenset[Address]:
    found = set()
    try:
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.add(ipaddress.ip_address(words[1].partition("%")[0]))
            except ValueError:
                continue
    return frozenset(found)
