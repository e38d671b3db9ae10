"""Data folders as a hub leaves them, as small as can be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from config.hardening import Backup
from config.machine import Machine


def hub_with(tmp_path: Path, **settings: object) -> Machine:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    if not (data / "hub.sqlite3").exists():
        connection = sqlite3.connect(data / "hub.sqlite3")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        connection.close()
    return Machine(data=data, backup=Backup.model_validate(settings))
