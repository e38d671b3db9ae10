"""The body of a feed event: one journal entry."""

from __future__ import annotations

from typing import Any

from alerts.incidents.colours import Profile, coloured
from alerts.incidents.views import JournalEntry
from hub.events import time_to_text


def entry_view(entry: JournalEntry, profile: Profile) -> dict[str, Any]:
    """A journal entry as JSON types: which move of what, and the subject as it was then, in the site's colours."""
    return {
        "seq": entry.seq,
        "at": time_to_text(entry.at),
        "topic": entry.topic,
        "subject": entry.subject,
        "incident": entry.incident,
        "move": entry.move,
        "who": entry.who,
        "note": entry.note,
        "body": coloured(entry.body, profile),
    }
