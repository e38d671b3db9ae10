"""Starts a program that ends when its parent does: `python -I -S tether.py PARENT_PID PROGRAM ARGUMENT...`.

Run as a script, not imported. It asks the Linux kernel for SIGTERM at the parent's death and then becomes the program,
so there is no process in between. The kernel means the parent's *thread*: whoever starts it must do so in a thread that
lives as long as the program should. Elsewhere than on Linux the program simply runs, and the next start of the hub ends
what was left over.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the program, tied to the parent."""
    parent, program = int(arguments[0]), arguments[1]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent is gone already")
    os.execv(program, arguments[1:])  # noqa: S606 - a fixed program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
