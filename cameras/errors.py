"""The errors of this package.

HubError
+-- DiskError          a disk for recordings cannot be used; holds a DiskProblem
+-- DamagedFileError   a recorded file, or a piece of one, is not what this program writes
+-- FormatChangesError codec, picture size or sound changes in a span of which a clip is wanted; holds the spans it has
+-- MediaGoneError     a recorded file is not there any more, or not as long as it was
+-- NothingRecordedError   there is no recording of a span
+-- ModelError         a model cannot be fetched, is not what it should be, or cannot be converted
+-- SourceError        a stream cannot be opened or broke; holds a SourceProblem, which says whether trying again helps
+-- UnfitError         a stream is of a kind that the reading loop does not know; FFmpeg may

Messages never hold a user name or password: `cameras.streams.addresses` takes them out before anything is raised.
"""

from __future__ import annotations

import enum
from datetime import datetime

from hub.errors import HubError


class SourceProblem(enum.StrEnum):
    """What is wrong with a source, in one word: the reason that a `camera.health` event carries."""

    UNREACHABLE = "unreachable"
    """Nobody answers there: no such host, no route, or the port is closed."""
    LOGIN_REFUSED = "login_refused"
    """User or password is wrong or missing."""
    NOT_FOUND = "not_found"
    """The device answers and has no such stream; or there is no such file."""
    REFUSED = "refused"
    """The device answers and will not serve (too many viewers, an internal error)."""
    NOT_ALLOWED = "address_not_allowed"
    """The settings allow no camera at that address (`networks.cameras`)."""
    UNTRUSTED = "certificate_untrusted"
    """Nobody vouches for the certificate of the device; `insecure: true` of the stream takes it all the same."""
    TIMED_OUT = "timed_out"
    """The device does not answer, or stopped sending."""
    NOT_VIDEO = "not_video"
    """What comes is no video: another service, a broken file, sound only."""
    UNSUPPORTED = "unsupported"
    """Video of a kind that cannot be decoded here, or an address of a kind that is not allowed."""
    ENDED = "ended"
    """The source came to its end."""
    BROKE = "broke"
    """The connection broke."""
    WORKER_LOST = "worker_lost"
    """The process that ran the camera died; the supervisor says this one."""


class SourceError(HubError):
    """A stream cannot be opened, or broke.

    Attributes:
        reason: What is wrong, in one word.
        detail: The library's last words, without credentials.
    """

    def __init__(self, reason: SourceProblem, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class UnfitError(HubError):
    """A stream is of a kind that the reading loop does not know, while FFmpeg may: it is left to that."""


class ModelError(HubError):
    """A model cannot be fetched, is not what it should be, or cannot be converted."""


class DiskProblem(enum.StrEnum):
    """What is wrong with a disk for recordings, in one word."""

    GONE = "gone"
    """It is not there, is another one, or can only be read."""
    FULL = "full"
    """There is no room, and nothing of ours to remove."""
    SLOW = "slow"
    """It does not keep up, or does not answer."""


class DiskError(HubError):
    """A disk for recordings cannot be used.

    Attributes:
        problem: What is wrong, in one word.
    """

    def __init__(self, problem: DiskProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem


class DamagedFileError(HubError):
    """A recorded file, or a piece of one, is torn, overwritten, or not what this program writes."""


class MediaGoneError(HubError):
    """A recorded file is not there any more, or not as long as it was."""


class NothingRecordedError(HubError):
    """There is no recording of a span."""


class FormatChangesError(HubError):
    """Codec, picture size or sound changes in a span of which a clip is wanted.

    Attributes:
        spans: From and to of each part that can be had, in order.
    """

    def __init__(self, spans: tuple[tuple[datetime, datetime], ...]) -> None:
        super().__init__("codec, picture size or sound changes in this span; ask for one of its parts")
        self.spans = spans
