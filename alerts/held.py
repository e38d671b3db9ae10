"""Held: what a cell remembers of a claim that was held back.

A claim that holds is kept and looked at again; of one that was true for a moment only the note of it is kept for a
while, so that the journal is not filled with the same thing over and over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.language.shape import Claim, Verdict, Witness
from config.community import Level

NOTED_AGAIN_US = 600_000_000
"""10 minutes: what is held back sooner after the last time was told already."""
TOLD_AGAIN_US = 86_400_000_000
"""A day: what hours or armed mode hold back stands in the journal once as long as they do, and again after this."""


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that was held back.

    Attributes:
        first: Id of the event it began with.
        noted_us: When it was recorded.
        under: Digest of what held it back.
        told_until_us: Until then the journal needs no other entry of it.
        claim: The claim while it holds, else None.
    """

    first: str
    noted_us: int
    under: str
    told_until_us: int
    claim: Claim | None = None

    def to_json(self) -> dict[str, Any]:
        """For a stored Cell."""
        claim = self.claim
        body: dict[str, Any] = {name: getattr(self, name) for name in ("first", "noted_us", "under", "told_until_us")}
        body["claim"] = None
        if claim is not None:
            body["claim"] = {
                "witness": claim.witness.to_json(),
                "first": claim.first,
                "since_us": claim.since_us,
                "level": None if claim.level is None else claim.level.value,
                "facts": dict(claim.facts),
            }
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Held:
        """What `to_json` wrote."""
        claim = body["claim"]
        if claim is not None:
            claim = Claim(
                verdict=Verdict.HOLDS,
                witness=Witness.from_json(claim["witness"]),
                first=claim["first"],
                since_us=claim["since_us"],
                level=None if claim["level"] is None else Level(claim["level"]),
                facts=claim["facts"],
            )
        return cls(body["first"], body["noted_us"], body["under"], body["told_until_us"], claim)
