"""Unix sockets in folders whose paths are longer than the 107 bytes that the system takes.

The folder is opened, and the socket named through it, so any folder will do. Sockets are for this user alone.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path


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
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o600)
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
        connected.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connected.close()
        raise
    finally:
        if folder is not None:
            os.close(folder)
    return connected
