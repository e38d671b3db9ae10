"""Running: a hub in this process, from the command line until a signal ends it."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from api.main import build
from config.machine import Machine

_LOOK_EVERY_S = 0.5


def run_hub(machine: Machine, *, community_path: Path | None) -> None:
    """Run a hub in this process until SIGINT or SIGTERM; SIGHUP reads the rules and the certificate again."""
    wanted, reread = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: wanted.set())
    signal.signal(signal.SIGHUP, lambda _number, _frame: reread.set())
    hub = build(machine, community_path=community_path)
    try:
        sys.stdout.write(f"The hub is at {hub.url}\n")
        if (certificate := hub.serving.certificate) is not None:
            sys.stdout.write(f"Its certificate (SHA-256): {certificate.fingerprint}\n")
        if hub.setup_url is not None:
            sys.stdout.write(f"Make the first administrator (works once): {hub.setup_url}\n")
        sys.stdout.flush()
        while not wanted.wait(_LOOK_EVERY_S):
            if reread.is_set():
                reread.clear()
                hub.reload_rules()
                hub.serving.reload()
    finally:
        hub.stop()
