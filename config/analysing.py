"""Analysing: how much of what a camera shows is looked at by programs."""

from __future__ import annotations

import enum


class Analyse(enum.StrEnum):
    """What programs may look for in the pictures of a camera."""

    NOTHING = "nothing"
    """No picture is decoded for it; recording goes on."""
    SAFETY = "safety"
    """What saves lives, and whether the camera itself works; nothing else leaves the worker."""
    ALL = "all"
    """Whatever its settings ask for."""

    def allows(self, other: Analyse) -> bool:
        """Whether nothing that `other` looks for is left out."""
        return self.at_most(other) is other

    def at_most(self, other: Analyse) -> Analyse:
        """The stricter of the two."""
        order = list(Analyse)
        return min(self, other, key=order.index)
