"""Secret: a password or key that is never printed; written in settings as `env:NAME`, `file:PATH` or as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Secret:
    """A text that shows as `***` wherever it is printed; `reveal` gives the text."""

    __slots__ = ("_reference",)

    def __init__(self, reference: str) -> None:
        """Take `env:NAME`, `file:PATH` or the text itself."""
        self._reference = reference

    @property
    def reference(self) -> str:
        """As it was written, for storing; never for showing."""
        return self._reference

    def reveal(self) -> str:
        """The secret text.

        Raises:
            ValueError: The environment variable or file is missing; names it.
        """
        kind, _, rest = self._reference.partition(":")
        if kind == "env":
            if rest not in os.environ:
                raise ValueError(f"environment variable {rest} is not set")
            return os.environ[rest]
        if kind == "file":
            try:
                return Path(rest).read_text(encoding="utf-8").rstrip("\r\n")
            except OSError as error:
                raise ValueError(f"secret file {rest}: {error.strerror}") from error
        return self._reference

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._reference == other._reference

    def __hash__(self) -> int:
        return hash(self._reference)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from a string; written as `***` unless the dump's context says `reveal_references`."""

        def dump(secret: Secret, info: core_schema.SerializationInfo) -> str:
            context = info.context or {}
            return secret.reference if context.get("secrets") else "***"

        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(min_length=1),
            serialization=core_schema.plain_serializer_function_ser_schema(dump, info_arg=True),
        )
