"""Account names as settings write them: folded as accounts are, so that one name is one person."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field


def as_accounts_are_named(name: str) -> str:
    """A name as accounts keep it: large and small letters are the same."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


AccountName = Annotated[str, AfterValidator(as_accounts_are_named), Field(min_length=1, max_length=64)]
"""Name of the account by which somebody signs in; large and small letters are the same."""
