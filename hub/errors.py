"""The errors of the hub's common ground, and the root of every error of this project.

HubError                    anything this project raises on purpose
+-- ConfigurationError      settings that cannot be used; holds every Mistake found
+-- PluginError             a plugin file that cannot be imported, or a kind that stands twice
+-- StoreError              the database refused
|   +-- StoreClosedError    a write after the writer stopped
|   +-- StoreBusyError      the write queue is full
+-- BrokerError             the embedded broker did not start or died
+-- LinkError               hub and worker do not speak the same version, or the link broke
+-- NotFoundError           no such thing, or not for this principal: the two are never told apart
+-- ConflictError           somebody else was first; holds what they made of it
+-- NotAllowedError         the state machine or access forbids it; says what is allowed
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class HubError(Exception):
    """Anything this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a configuration file.

    Attributes:
        file: The file, or None when the text came from elsewhere (an API body).
        path: Where in it, as `cameras[3].streams.main.url`; empty for the whole file.
        message: What is wrong and what to write instead, one sentence, no stop at the end.
    """

    file: Path | None
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.file or ""), self.path, self.message) if part)


class ConfigurationError(HubError):
    """Settings that cannot be used.

    Attributes:
        mistakes: All that were found, never empty.
    """

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class PluginError(HubError):
    """A plugin file that cannot be imported, or a kind that stands twice."""


class StoreError(HubError):
    """The database refused."""


class StoreClosedError(StoreError):
    """A write after the writer stopped."""


class StoreBusyError(StoreError):
    """The write queue is full."""


class BrokerError(HubError):
    """The embedded broker did not start or died."""


class LinkError(HubError):
    """Hub and worker do not speak the same version, or the link broke."""


class NotFoundError(HubError):
    """No such thing, or not for this principal."""


class ConflictError(HubError):
    """Somebody else was first."""


class NotAllowedError(HubError):
    """The state machine or access forbids it.

    Attributes:
        allowed: What could be done instead, as names of moves.
    """

    def __init__(self, message: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed
