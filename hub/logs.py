"""Log lines: time, level, message and its fields as `name=value`, one line each, on standard error.

Nobody logs a password on purpose. What a library puts into an error all the same is taken out here, as the last thing
before a line is written: whatever was revealed as a secret, credentials in addresses, tokens and keys by their form.
"""

from __future__ import annotations

import base64
import functools
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import quote, quote_plus

from config.secrets import revealed

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


HIDDEN = "***"
_SHORTEST = 4
_SURE = 8
"""Texts so long stand nowhere by chance."""

_LONGEST_ENCODED = 128
"""Longer ones, tokens, are nobody's password."""

_NAMES = r"(?:password|passwd|pwd|secret|passphrase)"
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_WORD = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,512}={0,2}(?![A-Za-z0-9+/_=-])")
_LOGIN = re.compile(r"[\w.@-]{1,64}:[ -~]+", re.ASCII)

_FORMS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<=://)[^/\s'\"@]*(?::[^/\s'\"]*)?@", f"{HIDDEN}@"),
        (
            r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=,]\s*['\"]?)(?:(?:bearer|basic|digest)\s+)?[^\s'\"]+",
            rf"\1{HIDDEN}",
        ),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}", rf"\1 {HIDDEN}"),
        (r"(?i)\b((?:x-api-key|cookie|set-cookie)['\"]?\s*[:=,]\s*['\"]?)[^\s'\"]+", rf"\1{HIDDEN}"),
        (
            r"(?i)([?&#](?:[a-z_]*(?:token|password|passwd|pwd|pass|passphrase|secret|signature|key|sig|code))=)[^&\s'\"#]+",
            rf"\1{HIDDEN}",
        ),
        (  # one in quotation marks to its end: it may hold blanks
            rf"(?i)\b({_NAMES}['\"]?\s*[:=]\s*b?)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')",
            rf"\1{HIDDEN}",
        ),
        (r"(?i)\b(passphrase\s*[:=]\s*)[^\s'\"*][^'\",;}&\r\n]*", rf"\1{HIDDEN}"),
        (rf"(?i)\b((?:{_NAMES}['\"]?\s*[:=]|pass=)\s*['\"]?)[^\s'\",}}&]+", rf"\1{HIDDEN}"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*", HIDDEN),
    )
)
"""How secrets look: user and password in addresses, headers, parts of queries, signed tokens."""


class Lines(logging.Formatter):
    """A record as one line; a traceback follows on its own lines, set in, so that none looks like a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = "".join(f" {name}={_quoted(value)}" for name, value in vars(record).items() if name not in _STANDARD)
        line = f"{at} {record.levelname.lower():7} {record.name}: {_printable(record.getMessage())}{fields}"
        if record.exc_info:
            traced = self.formatException(record.exc_info).split("\n")
            line = "\n  ".join((line, *(_printable(each) for each in traced)))
        return redacted(line)


def redacted(text: str) -> str:
    """`text` without secrets."""
    for pattern, instead in _FORMS:
        text = pattern.sub(instead, text)
    text = _WORD.sub(_unless_login, text)
    known = _known(revealed())
    return text if known is None else known.sub(HIDDEN, text)


def _unless_login(found: re.Match[str]) -> str:
    """A word, unless it is user and password as HTTP sends them."""
    word = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(word + "=" * (-len(word) % 4)).decode("ascii")
    except ValueError:
        return found[0]
    return HIDDEN if _LOGIN.fullmatch(text) else found[0]


def forms_of(secret: str) -> frozenset[str]:
    """How a secret may stand in a text: as it is, in an address, as Python and JSON show it, and within base64."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {_PERCENT.sub(lambda found: found[0].lower(), form) for form in quoted}
    data = secret.encode("utf-8", "surrogatepass")
    shown = {repr(secret)[1:-1], repr(data)[2:-1], json.dumps(secret)[1:-1], _printable(secret)}
    return frozenset({secret, *quoted, *lower, *shown, *_within_base64(data)})


def _within_base64(data: bytes) -> Iterator[str]:
    """What stands in base64 of a text that holds `data`, by where in it that begins."""
    if len(data) > _LONGEST_ENCODED:
        return
    for begin in range(3):
        coded = base64.b64encode(bytes(begin) + data).decode()
        sure = coded[-(-begin * 8 // 6) : (begin + len(data)) * 8 // 6]
        if len(sure) >= _SURE:
            yield sure
            yield sure.replace("+", "-").replace("/", "_")


@functools.lru_cache(maxsize=2)
def _known(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    """Finds what was revealed; short texts only where they stand alone."""
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in forms_of(secret)}
    if not forms:
        return None
    words = (re.escape(one) if len(one) >= _SURE else rf"(?<!\w){re.escape(one)}(?!\w)" for one in forms)
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody caught goes through the log too, and not past it."""
    if issubclass(kind, KeyboardInterrupt):
        return
    found = error if error is not None else kind()
    logging.getLogger("hub").critical("nobody caught an error", exc_info=(kind, found, trace))


def set_up(level: str) -> None:
    """Write this process's log to standard error, from `level` (`debug` to `error`) on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    for chatty in ("uvicorn", "uvicorn.error", "alembic", "multipart", "python_multipart", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _printable(text: str) -> str:
    """`text` on one line: a name from outside must not forge another, nor speak to the terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def _quoted(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and text and not any(c in text for c in ' "=')
    return text if plain else _printable(json.dumps(text, ensure_ascii=False))
