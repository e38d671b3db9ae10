"""The errors of the sensor door.

HubError
+-- PayloadError   a message that its format cannot read; refused with reason and detail, and acknowledged
"""

from __future__ import annotations

from hub.errors import HubError


class PayloadError(HubError):
    """A message that its format cannot read.

    Attributes:
        reason: One word of the list in docs/reference/mqtt.md (`malformed`, `unknown_kind`, `implausible`).
        detail: What is wrong, one sentence for people; never the whole payload.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
