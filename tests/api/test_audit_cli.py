"""`hub audit` and `hub community`: the log and the versions, read and checked without the hub."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from cameras.recordings.evidence.signing import key_of
from config.errors import ConfigurationError
from config.hiding import plain
from config.writing import write_text
from hub.audit import Action, Entry
from hub.audit_heads import FILE, HeadFile
from hub.clock import SystemClock
from hub.store.audit import AuditLog
from hub.store.database import Database, sqlite_url
from tests.api.room import community

CLOCK = SystemClock()


def run(*words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a log of ten entries, its head, and nothing that runs."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    database = Database(sqlite_url(folder))
    database.start()
    log = AuditLog(database, CLOCK, keep_head=HeadFile(folder / FILE, key_of(folder)).keep)
    for number in range(9):
        log.store(Entry(CLOCK.now(), Action.VIEW, actor="lin", kind="camera", id=f"c{number}", camera=f"c{number}"))
    log.stop()
    database.stop()
    return folder


def test_list_shows_the_newest_first(data: Path) -> None:
    rows = [json.loads(line) for line in run("audit", "list", "--data", data, "--format", "json").stdout.splitlines()]
    assert [each["number"] for each in rows] == list(range(10, 0, -1))
    text = run("audit", "list", "--data", data, "--camera", "c3").stdout
    assert "lin: view camera c3 from here" in text
    assert len(text.splitlines()) == 1


def test_verify_says_that_all_is_well_and_by_whom_the_heads_are_signed(data: Path) -> None:
    key = key_of(data).fingerprint
    text = run("audit", "verify", "--data", data, "--key", key).stdout
    assert "10 entries fit, 1 signed heads compared" in text
    assert key in text
    assert "NOT good: audit-heads.jsonl: line 1 is signed by another key" in run(
        "audit", "verify", "--data", data, "--key", "SHA256:x", code=1
    ).stdout  # fmt: skip


def test_verify_exits_with_1_and_the_number_where_it_breaks(data: Path) -> None:
    file = sqlite3.connect(data / "hub.sqlite3")
    file.executescript("DROP TRIGGER audit_no_change; UPDATE audit SET actor = 'wan' WHERE seq = 4;")
    file.close()
    found = json.loads(run("audit", "verify", "--data", data, "--format", "json", code=1).stdout)
    assert (found["good"], found["broken"], found["fault"], found["entries"]) == (False, 4, "changed", 3)


def test_a_kept_copy_of_the_heads_shows_that_the_log_was_cut_off(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes((data / FILE).read_bytes())
    (data / FILE).unlink()
    file = sqlite3.connect(data / "hub.sqlite3")
    file.executescript("DROP TRIGGER audit_no_removal; DELETE FROM audit WHERE seq > 6;")
    file.close()
    run("audit", "verify", "--data", data)
    text = run("audit", "verify", "--data", data, "--heads", kept, code=1).stdout
    assert "NOT good: entry 7: the log ends before an entry that a signed head names" in text


def test_export_is_a_table_of_all(data: Path, tmp_path: Path) -> None:
    run("audit", "export", "--data", data, "-o", tmp_path / "audit.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "audit.csv").read_text(encoding="utf-8-sig"))))
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 11)]
    done = CliRunner().invoke(app, ["audit", "export", "--data", str(data), "-o", str(tmp_path / "audit.csv")])
    assert isinstance(done.exception, ConfigurationError)  # nothing is written over


def test_a_community_goes_out_and_in_again_with_its_history(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "community.yaml"
    machine = tmp_path / "machine.yaml"
    machine.write_text(f"data: {data}\nnetworks: {{cameras: [192.0.2.0/24]}}\n", encoding="utf-8")
    where = ("--machine", machine)
    file.write_text(write_text(plain(community(), secrets=True, defaults=False)), encoding="utf-8")
    run("community", "import", file, *where, "--reason", "开始")
    out = tmp_path / "out.yaml"
    run("community", "export", "-o", out, *where)
    assert "s3cret" not in out.read_text(encoding="utf-8")
    out.write_text(out.read_text(encoding="utf-8").replace("en: Crossing", "en: The crossing"), encoding="utf-8")
    dry = run("community", "import", out, *where, "--dry-run").stdout
    assert 'changed  sites.crossing.name.en: "Crossing" -> "The crossing"' in dry
    assert "revision" not in dry
    assert "revision 2" in run("community", "import", out, *where).stdout
    first, second = run("community", "history", *where).stdout.splitlines()[::-1]
    assert "console: 开始 (community.yaml imported by" in first
    assert "console: out.yaml imported by" in second
    found = json.loads(run("community", "diff", "1", "2", *where, "--format", "json", code=1).stdout)
    assert (found["path"], found["after"]) == ("sites.crossing.name.en", "The crossing")
    run("community", "diff", "2", "2", *where)
    told = run("audit", "list", "--data", data, "--format", "json").stdout
    entries = [json.loads(line) for line in told.splitlines()]
    assert [(each["object"], each["actor"]) for each in entries] == [("2", "console"), ("1", "console")]


def test_what_is_done_to_accounts_on_the_machine_itself_is_told(tmp_path: Path) -> None:
    """As by `console`, without a password or a link; what does not go changes nothing and is not told."""
    where, secret = ("--data", str(tmp_path / "data")), "three words and a river"
    file, machine = tmp_path / "community.yaml", ("--machine", str(tmp_path / "machine.yaml"))
    (tmp_path / "machine.yaml").write_text(
        f"data: {tmp_path / 'data'}\nnetworks: {{cameras: [192.0.2.0/24]}}\n", encoding="utf-8"
    )
    file.write_text(write_text(plain(community(), secrets=True, defaults=False)), encoding="utf-8")
    run("community", "import", file, *machine)
    for say, command in (
        (secret, ("add", "chief", "--role", "administrator")),
        (secret, ("add", "lin")),
        (f"another {secret}", ("password", "lin")),
        ("", ("sign-out", "lin")),
        ("", ("disable", "lin")),
        ("", ("invite", "--site", "home-1")),
    ):
        done = CliRunner().invoke(app, ["users", *command, *where], input=f"{say}\n")
        assert done.exit_code == 0, done.output
        link = done.output.partition("#token=")[2].strip()
    assert CliRunner().invoke(app, ["users", "disable", "chief", *where]).exit_code != 0  # the last administrator
    assert CliRunner().invoke(app, ["users", "second-factor", "remove", "lin", *where]).exit_code != 0
    told = run("audit", "list", "--actor", "console", *where, "--format", "json").stdout
    entries = [json.loads(line) for line in told.splitlines()][::-1]
    assert [(each["action"], each["kind"]) for each in entries] == [
        ("change", "revision"),
        ("change", "account"),
        ("change", "account"),
        ("change", "account"),
        ("sign_out", "account"),
        ("change", "account"),
        ("give", "invitation"),
    ]
    assert link
    assert link not in told
    assert secret not in told
    run("audit", "verify", *where)


def test_that_a_backup_was_brought_back_is_told_in_it(data: Path, tmp_path: Path) -> None:
    file, again = tmp_path / "hub.hubbackup", tmp_path / "again"
    run("backup", "make", "--to", file, "--data", data, "--plain")
    run("backup", "restore", file, "--data", again)
    newest = json.loads(run("audit", "list", "--data", again, "--format", "json").stdout.splitlines()[0])
    assert (newest["actor"], newest["action"], newest["object"]) == ("console", "backup", "hub.hubbackup")
    run("audit", "verify", "--data", again)


def test_an_import_with_mistakes_changes_nothing_and_names_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "community.yaml"
    file.write_text("sites:\n  - {id: yard, name: Yard, area: nowhere}\ncamera: []\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["community", "import", str(file), "--data", str(tmp_path / "data")])
    assert isinstance(done.exception, ConfigurationError)
    assert {each.line for each in done.exception.mistakes} >= {3}
