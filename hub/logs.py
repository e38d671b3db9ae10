"""Log lines: time, level, message and its fields as `name=value`, one line each, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class Lines(logging.Formatter):
    """A record as one line; a traceback follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = "".join(f" {name}={_quoted(value)}" for name, value in vars(record).items() if name not in _STANDARD)
        line = f"{at} {record.levelname.lower():7} {record.name}: {_one_line(record.getMessage())}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(level: str) -> None:
    """Write this process's log to standard error, from `level` (`debug` to `error`) on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn", "uvicorn.error", "alembic", "multipart", "python_multipart", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")  # a name from outside must not forge a line


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(c in text for c in ' "=\n\r\t') else text
