"""A real process is killed amid its deliveries, again and again: what that does to each sort of channel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from alerts.language.rulebook import RuleBook
from alerts.notices.channel import NOBODY_KNOWS
from alerts.notices.outbox import READER
from alerts.store import outbox
from alerts.store.journal import write_cursor
from hub.store.database import Database, sqlite_url
from tests.alerts.conftest import room_on
from tests.fakes.stories import event
from tests.fakes.waiting import until
from tests.fakes.web import Received, web_recipient

ROOT = Path(__file__).resolve().parents[2]
INCIDENTS = 12
KILL_AT = (3, 9, 16)


@pytest.mark.timeout(120)
def test_killed_between_sending_and_storing_nothing_is_lost_and_nothing_is_said_twice(
    tmp_path: Path, shipped: RuleBook
) -> None:
    """A webhook may get the one at hand again, with its number; a loudspeaker says it once or not at all."""
    database = Database(sqlite_url(tmp_path), durability="normal")
    database.start()
    room = room_on(database, shipped)
    database.write(lambda connection: write_cursor(connection, READER, 0))
    room.happens(
        *(event("sos", 10.0 * n, source=f"b{n}", site=f"s{n}", fields={"pressed": True}) for n in range(INCIDENTS))
    )
    database.stop()
    heard: list[Received] = []
    child: list[subprocess.Popen[bytes]] = []

    def killed_at(request: Received) -> bytes:
        heard.append(request)
        if len(heard) in KILL_AT:
            child[-1].kill()
            child[-1].wait(10)
        return b""

    with web_recipient() as town:
        town.reply = killed_at
        for _ in range(len(KILL_AT) + 1):
            command = [sys.executable, "-m", "tests.fakes.notice_process", str(tmp_path), town.url]
            child.append(subprocess.Popen(command, cwd=ROOT))
            until(lambda: child[-1].poll() is not None or settled(tmp_path), timeout_s=30)
        child[-1].kill()
        child[-1].wait(10)
    said = Counter(json.loads(each.raw)["number"] for each in heard if each.path == "/say")
    assert set(said.values()) == {1}
    found = Database(sqlite_url(tmp_path))
    found.start()
    with found.read() as connection:
        entries = outbox.ledger(connection, limit=500)
    found.stop()
    assert {each.state for each in entries if each.recipient == "desk"} == {"sent"}
    lost = [each for each in entries if each.recipient == "speaker" and each.state != "sent"]
    assert all((each.state, each.reason) == ("given_up", NOBODY_KNOWS) for each in lost)
    assert len(lost) <= len(KILL_AT)
    assert len(child) == len(KILL_AT) + 1


def settled(data: Path) -> bool:
    """Whether everything was decided and nothing waits any more."""
    looking = Database(sqlite_url(data))
    looking.look()
    try:
        with looking.read() as connection:
            entries = outbox.ledger(connection, limit=500)
            return len(entries) == 2 * INCIDENTS and outbox.waiting(connection) == {}
    finally:
        looking.stop()
