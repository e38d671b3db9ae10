"""How many examples a test of a property looks at: enough to see each change, and many more when HUB_THOROUGH=1."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("HUB_THOROUGH") == "1"


def examples(quick: int, thorough: int) -> int:
    """The number for this run."""
    return thorough if THOROUGH else quick
