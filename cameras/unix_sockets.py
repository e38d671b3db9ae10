"""Unix sockets in folders whose paths are longer than the 107 bytes that the system takes.

The folder is opened, and the socket named through it, so any folder will do. Sockets are for this user alone.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

_making = threading.Lock()


def listen(path: Path, *, backlog: int = 16) -> socket.socket:
    """A listening stream socket at `path`; what is left there of one that died is replaced.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with _making:
            # Not changed afterwards: a confined process may change no file's mode.
            before = os.umask(0o077)
            try:
                listening.bind(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.umask(before)
        listening.listen(backlog)
    except OSError:
        listening.close()
        raise
    finally:
        os.close(folder)
    return listening


def connect(path: Path, *, timeout_s: float) -> socket.socket:
    """A connected stream socket, blocking, with `timeout_s` set on it.

    Raises:
        OSError: Nobody listens there.
    """
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.settimeout(timeout_s)
    folder = None
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        if not stat.S_ISSOCK(os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise FileNotFoundError(errno.ENOENT, "no socket", str(path))  # a link may lead to anybody's
        connected.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connected.close()
        raise
    finally:
        if folder is not None:
            os.close(folder)
    return connected
