"""The command line in this process: what a command prints and with what it ends, without starting Python for each."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from api.cli import main


def run_hub(*words: str | Path, cwd: Path, say: str = "") -> CompletedProcess[str]:
    """`hub WORDS` as its process would run it in `cwd`, given `say` to read."""
    told, wrong = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    level, handlers = root.level, tuple(root.handlers)
    ended = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["hub", *map(str, words)])
        patch.setattr(sys, "stdin", io.StringIO(say))
        patch.setattr(sys, "excepthook", sys.excepthook)  # a command sets both for its own log
        patch.setattr(threading, "excepthook", threading.excepthook)
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(wrong):
            try:
                main()
            except SystemExit as end:
                ended = end.code if isinstance(end.code, int) else int(end.code is not None)
            finally:
                root.setLevel(level)
                root.handlers[:] = handlers
    return CompletedProcess(("hub", *map(str, words)), ended, told.getvalue(), wrong.getvalue())
