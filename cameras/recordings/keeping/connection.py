"""Connection: what the rest of `cameras` passes on without knowing SQL."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["Connection"]
