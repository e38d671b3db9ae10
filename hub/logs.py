"""Log lines: time, level, message and its fields as `name=value`, one line each, on standard error.

Nobody logs a password on purpose. What a library puts into an error all the same is taken out here, as the last thing
before a line is written: whatever was revealed as a secret, credentials in addresses, tokens and keys by their form.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import quote, quote_plus

from config.secrets import revealed

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


HIDDEN = "***"
_SHORTEST = 4
_SURE = 8
"""Texts so long stand nowhere by chance."""

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
            r"(?i)([?&#](?:[a-z_]*(?:token|password|passwd|pwd|secret|signature|key|sig|code))=)[^&\s'\"#]+",
            rf"\1{HIDDEN}",
        ),
        (r"(?i)\b((?:password|passwd|pwd|secret|passphrase)['\"]?\s*[:=]\s*['\"]?)[^\s'\",}&]+", rf"\1{HIDDEN}"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*", HIDDEN),
    )
)
"""How secrets look: user and password in addresses, headers, parts of queries, signed tokens."""


class Lines(logging.Formatter):
    """A record as one line; a traceback follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = "".join(f" {name}={_quoted(value)}" for name, value in vars(record).items() if name not in _STANDARD)
        line = f"{at} {record.levelname.lower():7} {record.name}: {_one_line(record.getMessage())}{fields}"
        return redacted(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def redacted(text: str) -> str:
    """`text` without secrets."""
    for pattern, instead in _FORMS:
        text = pattern.sub(instead, text)
    known = _known(revealed())
    return text if known is None else known.sub(HIDDEN, text)


@functools.lru_cache(maxsize=2)
def _known(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    """Finds what was revealed, as it is and as it stands in an address; short texts only where they stand alone."""
    forms = {
        form
        for secret in secrets
        if len(secret) >= _SHORTEST
        for form in (secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    }
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


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")  # a name from outside must not forge a line


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(c in text for c in ' "=\n\r\t') else text
