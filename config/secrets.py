"""Secret: a password or key that is never printed; written in settings as `env:NAME`, `file:PATH` or as it is.

Read from a file (`config/load.py` says so by the validation context), a reference must hold at once, and a relative
`file:PATH` begins at the folder of that file. From elsewhere, an API body, references are refused: they would let
whoever may set a camera's password send any file of this machine to that camera.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from config.phrases import os_says
from config.says import Says, says

_MOST_REMEMBERED = 10_000
_revealed: dict[str, None] = {}
"""Texts that somebody was given, the newest last: what a log must never hold."""


def remember(text: str) -> None:
    """Have a text left out of the log: one that was revealed, or made just now."""
    if text and text not in _revealed:
        while len(_revealed) >= _MOST_REMEMBERED:
            _revealed.pop(next(iter(_revealed)), None)
        _revealed[text] = None


def revealed() -> tuple[str, ...]:
    """The texts that the log must not hold."""
    return tuple(_revealed)


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
        """The secret text; from now on it is left out of the log.

        Raises:
            ValueError: The environment variable or file is missing or empty; names it.
        """
        text = self._revealed()
        remember(text)
        return text

    def _revealed(self) -> str:
        kind, _, rest = self._reference.partition(":")
        if kind == "env":
            if rest not in os.environ:
                raise ValueError(
                    says(
                        "environment variable {name} is not set",
                        "环境变量{name}没有设置",
                        name=Says(rest, f" {rest} ") if rest else says("without a name", "（未写名称）"),
                    )
                )
            text = os.environ[rest]
        elif kind == "file":
            try:
                text = Path(rest).read_text(encoding="utf-8").rstrip("\r\n")
            except OSError as error:
                raise ValueError(
                    says("secret file {path}: {why}", "密码文件 {path}：{why}", path=rest, why=os_says(error))
                ) from error
            except ValueError:  # a UnicodeDecodeError would show bytes of the secret
                raise ValueError(
                    says("secret file {path}: not UTF-8 text", "密码文件 {path}：不是 UTF-8 文字", path=rest)
                ) from None
        else:
            return self._reference
        if not text:
            what = says("environment variable", "环境变量") if kind == "env" else says("secret file", "密码文件")
            raise ValueError(says("{what} {name} is empty", "{what} {name} 是空的", what=what, name=rest))
        return text

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
        """Read from a string; written as `***` unless the dump's context says `secrets`."""

        def dump(secret: Secret, info: core_schema.SerializationInfo) -> str:
            context = info.context or {}
            return secret.reference if context.get("secrets") else "***"

        return core_schema.with_info_wrap_validator_function(
            cls._read,
            core_schema.str_schema(min_length=1),
            serialization=core_schema.plain_serializer_function_ser_schema(dump, info_arg=True),
        )

    @classmethod
    def _read(
        cls, value: Any, as_text: core_schema.ValidatorFunctionWrapHandler, info: core_schema.ValidationInfo[Any]
    ) -> Secret:
        """Check a reference where the context names a folder (`None`: not from a file); otherwise take it as it is."""
        if isinstance(value, Secret):
            return value
        text: str = as_text(value)
        if not info.context or "folder" not in info.context:
            return cls(text)
        folder: Path | None = info.context["folder"]
        kind, _, rest = text.partition(":")
        if folder is None:
            if kind in ("env", "file"):
                raise ValueError(
                    says(
                        "env: and file: are for files on this machine; write the secret itself",
                        "env: 和 file: 只能写在本机的文件里；请直接写密码",
                    )
                )
            return cls(text)
        if text == "***" and info.context.get("hidden"):
            return cls(text)  # whoever asks knows what it hides
        if text == "***":
            raise ValueError(
                says(
                    "*** stands for a secret that was hidden; write the secret, env:NAME or file:PATH",
                    "*** 代表隐藏了的密码；请写密码、env:NAME 或 file:PATH",
                )
            )
        secret = cls(f"file:{folder / rest}" if kind == "file" else text)
        secret.reveal()
        return secret
