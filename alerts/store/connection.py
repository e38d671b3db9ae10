"""Connection: what the rest of `alerts` passes on without knowing SQL."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["Connection"]
