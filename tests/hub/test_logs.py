"""The log as the last wall: no line holds a secret, whoever put it there and however."""

from __future__ import annotations

import base64
import io
import logging
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from config.secrets import Secret
from hub import logs
from hub.logs import Lines, redacted

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "Tr0ub4dor&3 käse/x"


def line(message: str, *args: object, exc: BaseException | None = None, **fields: object) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Lines())
    logger = logging.Logger("test")  # noqa: LOG001 - one of its own, nothing else hears it
    logger.addHandler(handler)
    logger.error(message, *args, exc_info=exc, extra=fields)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("cannot open rtsp://admin:pa55@10.0.0.2/x", "10.0.0.2/x", "pa55"),
        ("rtsp://admin:p@ss:w@10.0.0.2/x", "10.0.0.2", "p@ss"),
        ("postgresql+psycopg://hub:dbpass@db/hub", "@db/hub", "dbpass"),
        ("Authorization: Bearer abc.def-ghi", "Authorization", "abc.def"),
        ("headers {'Authorization': 'Basic YWRtaW46cGFzcw=='}", "headers", "YWRtaW46"),
        ("(b'authorization', b'x')", "(b'authorization'", "b'zzz"),
        ("X-API-Key: hubkey_1234567890", "X-API-Key", "hubkey_1"),
        ("GET /setup?token=onetimetoken12&x=1", "x=1", "onetimetoken12"),
        ("http://hub/live#access_token=zzz999", "http://hub/live", "zzz999"),
        ("Cookie: refresh=abcdef", "Cookie", "abcdef"),
        ("login failed, password=hunter22", "login failed", "hunter22"),
        ('{"password": "hunter22"}', "password", "hunter22"),
        ("dial tcp user=hub pass=hunter22 dbname=x", "dbname=x", "hunter22"),
        ("http://cam/cgi?pass=hunter22&x=1", "x=1", "hunter22"),
        ("password='two words', x=1", "x=1", "words"),
        ('{"passphrase": "correct horse battery"}', "passphrase", "horse"),
        ("passphrase: correct horse battery, tried twice", "tried twice", "horse"),
        ("the camera was sent YWRtaW46aHVudGVyMjI=", "the camera was sent", "YWRtaW46"),
        ("password=b'hunter22'", "password", "hunter22"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "got", "eyJzdWI"),
    ],
)
def test_secrets_are_known_by_their_form(text: str, kept: str, gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "revealed", tuple)  # by their form alone, whatever other tests revealed
    said = redacted(text)
    assert kept in said
    assert gone not in said


@pytest.mark.parametrize(
    "text",
    [
        "camera=gate packets=12",
        "reads a key frame: key=True",
        "rtsp://10.0.0.2:554/x@y",
        "a@b.example was told",
        "cameras/streams/addresses reads SGVsbG8sIHdvcmxk",
        "bypass=1 passes=2",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_what_was_revealed_is_left_out_of_message_fields_and_traceback() -> None:
    assert Secret(PLANTED).reveal() == PLANTED
    error = ValueError(f"the camera says {PLANTED}")
    try:
        raise error
    except ValueError as raised:
        said = line(
            "it broke: %s", PLANTED, exc=raised, detail=f"was {PLANTED}!", url="?p=Tr0ub4dor%263%20k%C3%A4se%2Fx"
        )
    assert "Traceback" in said
    for form in (PLANTED, "Tr0ub4dor", "k%C3%A4se"):
        assert form not in said


@pytest.mark.parametrize("secret", [PLANTED, "aB3/+x?9", "p=ä b\n'\"\\", "\x07bell\u2028"])
def test_a_known_secret_is_left_out_in_every_form(secret: str) -> None:
    Secret(secret).reveal()
    encoded = [base64.b64encode(f"{user}:{secret}".encode()).decode() for user in ("a", "ad", "adm")]
    urls = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    forms = [
        *encoded,
        *urls,
        *(re.sub("%..", lambda at: at[0].lower(), url) for url in urls),
        repr(secret.encode()),
        repr(secret),
        secret,
    ]
    for form in forms:
        core = form.lower()[6:-4] if form in encoded else form.lower().strip("b'\"\n")
        assert core not in line(f"it says <{form}>").lower() or not core
        assert core not in line("it says", detail=f"<{form}>").lower() or not core


@pytest.mark.parametrize("sign", ["\x1b[2J", "\x85", "\u2028", "\u202e", "\x00", "\x7f", "\r", "\n"])
def test_what_a_device_calls_itself_stays_on_its_line(sign: str) -> None:
    """Neither can it speak to the terminal of who reads the log, nor look like another record."""
    name = f"gate{sign}2026-01-01 error hub: forged"
    for said in (line("found %s", name), line("found", device=name), line("x", exc=ValueError(name))):
        assert sign not in said.removesuffix("\n") or sign == "\n"
        assert "\ngate" not in said
        assert not any(each.startswith("2026-01-01") for each in said.splitlines())


def test_a_short_password_is_left_out_where_it_stands_alone() -> None:
    Secret("k9zq").reveal()
    assert line("user k9zq, ak9zqb").rstrip().endswith("user ***, ak9zqb")


def test_what_nobody_catches_goes_through_the_log() -> None:
    program = """
import threading
from config.secrets import Secret
from hub.logs import set_up
set_up("info")
def fail():
    raise RuntimeError("in a thread: " + Secret("correct horse battery").reveal())
thread = threading.Thread(target=fail)
thread.start()
thread.join()
raise RuntimeError("at the end: " + Secret("correct horse battery").reveal())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "in a thread: ***" in done.stderr
    assert "at the end: ***" in done.stderr
    assert "horse" not in done.stderr.replace('Secret("correct horse battery")', "")
