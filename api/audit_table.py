"""Audit table: entries of the audit log as plain data and as CSV, alike over HTTP and on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from api.figure_sheets import BOM, plain_cell
from hub.events import time_to_text
from hub.store.audit import Stored

_PIECE = 32_768


def row_of(each: Stored) -> dict[str, Any]:
    """An entry as it is told."""
    return {
        "number": each.number,
        "at": time_to_text(each.at),
        "account": each.account or None,
        "actor": each.actor,
        "role": each.role or None,
        "action": each.action,
        "outcome": each.outcome,
        "kind": each.kind,
        "object": each.id,
        "camera": each.camera,
        "site": each.site,
        "address": each.address,
        "details": dict(each.more),
        "hash": each.hash.hex(),
    }


def table_of(found: Iterator[Stored]) -> Iterator[bytes]:
    """Entries as CSV with a head, in pieces; no cell begins a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    written.write(BOM)
    head = False
    for each in found:
        row = row_of(each)
        if not head:
            writer.writerow(row)
            head = True
        row["details"] = json.dumps(row["details"], ensure_ascii=False)
        writer.writerow([plain_cell("" if value is None else str(value)) for value in row.values()])
        if written.tell() > _PIECE:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()
