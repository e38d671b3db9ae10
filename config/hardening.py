"""TLS and backups: how what the hub says and holds is kept from others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from config.says import says
from config.secrets import Secret


def _beside(path: Path, info: ValidationInfo) -> Path:
    folder: Path | None = (info.context or {}).get("folder")
    return folder / path if folder else path


_LocalPath = Annotated[Path, AfterValidator(_beside)]


class Tls(BaseModel):
    """How the API and the pages are encrypted: by files that are given, or a certificate of the hub's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    self_signed: bool = False
    """The hub makes a certificate at the first start, and a new one before it runs out."""
    certificate: _LocalPath | None = None
    """PEM file with the certificate and those above it; read again when it changes."""
    key: _LocalPath | None = None
    """PEM file with its key, without a password."""
    names: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=253)], ...], Field(max_length=64)] = ()
    """Further names and addresses in the hub's own certificate."""
    redirect_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """A port at which plain HTTP is only told where HTTPS is."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = self.certificate is not None or self.key is not None
        if given == self.self_signed:
            raise ValueError(
                says(
                    "needs either `self_signed: true`, or `certificate` and `key`",
                    "请写 `self_signed: true`，或写 `certificate` 和 `key`",
                )
            )
        if given and (self.certificate is None or self.key is None):
            raise ValueError(
                says("`certificate` and `key` belong together; write both", "`certificate` 和 `key` 要一起写")
            )
        if given and self.names:
            raise ValueError(
                says(
                    "`names` are for a certificate of the hub's own; leave them out",
                    "`names` 只用于系统自签的证书；请删去",
                )
            )
        return self


class Backup(BaseModel):
    """Copies of everything but video, made by the hub itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    every_h: Annotated[float, Field(ge=0.25, le=24 * 366)] | None = None
    """None makes none."""
    keep: Annotated[int, Field(ge=1, le=1000)] = 7
    """The newest stay."""
    folder: _LocalPath | None = None
    """None is `backups` in the data folder; another disk is better."""
    passphrase: Secret | None = None
    """What they are encrypted with; without it nobody can read them, the owner neither."""
    plain: bool = False
    """Whether they may hold keys and passwords that anybody can read who has the file."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.every_h is not None and self.passphrase is None and not self.plain:
            raise ValueError(
                says(
                    "holds keys and passwords; write a `passphrase`, or `plain: true` to leave them readable",
                    "备份里有密钥和密码；请写 `passphrase`，或用 `plain: true` 允许明文",
                )
            )
        return self
