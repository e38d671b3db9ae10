"""Writes the description of the HTTP interface: `python -m api.openapi > docs/reference/openapi.json`."""

from __future__ import annotations

import json
import sys

from api.app import create_app


def text() -> str:
    """The description as it stands in docs/reference/openapi.json."""
    return json.dumps(create_app(None).openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
