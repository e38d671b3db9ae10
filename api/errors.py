"""The errors of the HTTP interface; `api/problems.py` turns each into an answer.

HubError
+-- ApiError
    +-- NotSignedInError        no access token, or one that is not good (any more)
    +-- ForbiddenError          signed in, but the role does not reach that far
    |   +-- SecondFactorMissingError    the role needs a second factor here, and the account has none yet
    +-- PreconditionError       If-Match is missing where a change could be lost without it
    +-- ChangedMeanwhileError   If-Match names an older version; holds how it stands now
    |   +-- SomebodyWasFirstError   the same, for a client that named no version
    +-- BadRequestError         a parameter or body that cannot be used; says which
    +-- SheetRefusedError       a sheet with mistakes; holds all of them
    +-- TrialFailedError        a camera did not do what was asked; says why in both languages
    +-- CameraHeldError         somebody else turns this camera; says who and until when
    +-- TooManyError            a bound is reached; says when to come back
    +-- UnavailableError        a part that is needed for the answer does not run or did not answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.onboarding.sheets import SheetMistake
from hub.errors import HubError


class ApiError(HubError):
    """Anything that the HTTP interface itself refuses."""


class NotSignedInError(ApiError):
    """No access token, or one that is not good (any more)."""


class ForbiddenError(ApiError):
    """Signed in, but the role does not reach that far."""


class SecondFactorMissingError(ForbiddenError):
    """The role needs a second factor here, and the account has none yet."""


class PreconditionError(ApiError):
    """If-Match is missing where a change could be lost without it."""


class ChangedMeanwhileError(ApiError):
    """If-Match names an older version.

    Attributes:
        current: The thing as it stands now, as the API shows it.
        etag: Its ETag.
        first: The move that came first, if it is known.
    """

    def __init__(
        self, message: str, *, current: Mapping[str, Any], etag: str, first: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.current = current
        self.etag = etag
        self.first = first


class SomebodyWasFirstError(ChangedMeanwhileError):
    """Somebody else made the move already, and the client named no version."""


class BadRequestError(ApiError):
    """A parameter or body that cannot be used.

    Attributes:
        where: Path of the part, as `query.from` or `body.main.url`.
    """

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


class SheetRefusedError(ApiError):
    """A sheet that cannot be taken as it is.

    Attributes:
        mistakes: All that is wrong in it.
    """

    def __init__(self, mistakes: Sequence[SheetMistake]) -> None:
        super().__init__("nothing was saved; correct the lines that are named")
        self.mistakes = tuple(mistakes)


class TrialFailedError(ApiError):
    """A camera gives no picture, or did not do what it was asked for.

    Attributes:
        problem: Why, in one stable word.
        zh: In Chinese.
        en: In English.
    """

    def __init__(self, problem: str, *, zh: str, en: str) -> None:
        super().__init__(en or problem)
        self.problem = problem
        self.zh = zh
        self.en = en


class CameraHeldError(ApiError):
    """Somebody else turns this camera.

    Attributes:
        by: Name of his account.
        until: When he holds it no more, if he moves it no further.
    """

    def __init__(self, by: str, *, until: datetime) -> None:
        super().__init__(f"{by} turns this camera")
        self.by = by
        self.until = until


class TooManyError(ApiError):
    """A bound is reached.

    Attributes:
        retry_after_s: When to come back, whole seconds.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(ApiError):
    """A part that is needed for the answer does not run or did not answer.

    Attributes:
        retry_after_s: When to come back, whole seconds; None when that is not known.
    """

    def __init__(self, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
