"""What the API says of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from hub.audit import Action, Outcome


class AuditEntryView(BaseModel):
    """One thing that somebody did, saw or was refused."""

    number: Annotated[int, Field(description="Counts up without a gap.")]
    at: datetime
    account: Annotated[str | None, Field(description="Id of the account; null for nobody known.")]
    actor: Annotated[str, Field(description="Its name then; what was typed; `system`; or `file`.")]
    role: str | None
    action: Action | str
    outcome: Outcome | str
    kind: Annotated[str, Field(description="Of what it was done to; empty for nothing.")]
    object: Annotated[str, Field(description="Its id.")]
    camera: Annotated[str | None, Field(description="The camera whose pictures or settings it is about.")]
    site: str | None
    address: Annotated[str, Field(description="Network address; empty for the hub itself.")]
    details: Annotated[dict[str, Any], Field(description="See docs/reference/audit.md.")]
    hash: Annotated[str, Field(description="SHA-256 over it and the hash of the one before, hex.")]


class AuditCheckView(BaseModel):
    """A check of the whole log."""

    state: Literal["running", "done", "failed"]
    began: datetime
    ended: datetime | None
    entries: Annotated[int, Field(description="How many there were when it began.")]
    checked: Annotated[int, Field(description="How many fit so far.")]
    good: Annotated[bool | None, Field(description="Null until it is over.")]
    broken: Annotated[int | None, Field(description="Number of the first entry that does not fit.")]
    fault: Annotated[str | None, Field(description="`changed`, `missing`, `reordered`, `cut_off` or `made_anew`.")]
    problem: Annotated[str | None, Field(description="What is wrong, in words.")]
    heads: Annotated[int, Field(description="Signed heads that were compared.")]
    keys: Annotated[list[str], Field(description="Fingerprints of the keys that signed them.")]
    head: Annotated[str | None, Field(description="Hash of the last entry that fits, hex: write it down elsewhere.")]
