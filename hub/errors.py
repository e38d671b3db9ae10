"""The errors of the hub's common ground, under the root that `config/errors.py` holds.

HubError                    anything this project raises on purpose (config/errors.py)
+-- ConfigurationError      settings that cannot be used; holds every Mistake found (config/errors.py)
+-- PluginError             a plugin file that cannot be imported, or a kind that stands twice
+-- StoreError              the database refused
|   +-- StoreClosedError    a write after the writer stopped
|   +-- StoreBusyError      the write queue is full
+-- BrokerError             the embedded broker did not start or died
+-- LinkError               hub and worker do not speak the same version, or the link broke
+-- NotFoundError           no such thing, or not for this principal: the two are never told apart
+-- ConflictError           somebody else was first; holds what they made of it
+-- NoPlaceError            all places are taken; says when to come back
+-- NotAllowedError         the state machine or access forbids it; says what is allowed
+-- SecondFactorNeededError the password was right, and a code is asked for beside it
"""

from __future__ import annotations

from config.errors import ConfigurationError, HubError, Mistake

__all__ = [
    "BrokerError",
    "ConfigurationError",
    "ConflictError",
    "HubError",
    "LinkError",
    "Mistake",
    "NoPlaceError",
    "NotAllowedError",
    "NotFoundError",
    "PluginError",
    "SecondFactorNeededError",
    "StoreBusyError",
    "StoreClosedError",
    "StoreError",
]


class PluginError(HubError):
    """A plugin file that cannot be imported, or a kind that stands twice."""


class StoreError(HubError):
    """The database refused."""


class StoreClosedError(StoreError):
    """A write after the writer stopped."""


class StoreBusyError(StoreError):
    """The write queue is full."""


class StoreUnavailableError(StoreError):
    """Nothing can be written now, whatever it is: the disk is full or failing, the database locked or away."""


class BrokerError(HubError):
    """The embedded broker did not start or died."""


class LinkError(HubError):
    """Hub and worker do not speak the same version, or the link broke."""


class NotFoundError(HubError):
    """No such thing, or not for this principal."""


class ConflictError(HubError):
    """Somebody else was first."""


class NoPlaceError(HubError):
    """All places are taken, or all that one account may have.

    Attributes:
        retry_after_s: When to come back, whole seconds.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAllowedError(HubError):
    """The state machine or access forbids it.

    Attributes:
        allowed: What could be done instead, as names of moves.
    """

    def __init__(self, message: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


class SecondFactorNeededError(HubError):
    """The password was right, and a code is asked for beside it, or another than the one that was sent."""
