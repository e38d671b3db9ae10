"""Bodies about signing in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.access import Role

Username = Annotated[str, Field(min_length=1, max_length=64, examples=["lin"])]
Password = Annotated[str, Field(min_length=1, max_length=256, examples=["three words and a river"])]
NewPassword = Annotated[str, Field(min_length=10, max_length=256, examples=["three words and a river"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TokenAnswer(BaseModel):
    """Tokens after a sign-in or a refresh."""

    access_token: str = Field(description="Send it as `Authorization: Bearer ...`.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - OAuth2's word for its kind
    expires_in: int = Field(description="Seconds that the access token is good for.", examples=[900])
    refresh_token: str | None = Field(
        default=None, description="Works once, for the next pair. Absent for `client=page`, which gets it as a cookie."
    )


class RefreshBody(_Body):
    """The refresh token of a client that keeps it itself."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=512)]


class Me(BaseModel):
    """Who is signed in."""

    id: str
    username: str = Field(examples=["lin"])
    role: str = Field(examples=["operator"])
    may: list[str] = Field(description="Names of what this role allows.", examples=[["incidents.view"]])


class SetupBody(_Body):
    """The first administrator."""

    token: Annotated[str, Field(min_length=1, max_length=512, description="From the link that the hub printed.")]
    username: Username
    password: NewPassword


class AccountView(BaseModel):
    """A person who may sign in."""

    id: str
    username: str = Field(examples=["lin"])
    role: str = Field(examples=["operator"])
    disabled: bool
    created: datetime


class AccountBody(_Body):
    """A new account."""

    username: Username
    password: NewPassword
    role: Role = Role.OPERATOR


class AccountChange(_Body):
    """What changes of an account; the rest stays."""

    password: NewPassword | None = None
    role: Role | None = None
    disabled: bool | None = None
