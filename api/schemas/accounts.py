"""Bodies about signing in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.grants import ReachView
from hub.access import Permission, Role

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


class Ways(BaseModel):
    """How one can sign in."""

    password: Literal[True] = True
    provider: str | None = Field(description="Name of the sign-in provider; null for none.", examples=["Town ID"])


class Me(BaseModel):
    """Who is signed in."""

    id: str
    username: str = Field(examples=["lin"])
    role: Role | str = Field(description="A word of another version allows nothing here.", examples=["operator"])
    may: list[Permission] = Field(description="Names of what this role, or key, allows.", examples=[["incidents.view"]])
    reach: ReachView | None = Field(default=None, description="Where that is; of `/me` alone.")


class PasswordBody(_Body):
    """Another password."""

    old: Password
    new: NewPassword


class SignInView(BaseModel):
    """A place where somebody is signed in."""

    family: str
    began: datetime
    used: datetime = Field(description="When it last asked for an access token.")
    address: str = Field(description="Network address it was begun from.", examples=["192.0.2.7"])
    agent: str = Field(description="What the program called itself.", examples=["Mozilla/5.0"])
    through: str = Field(description="`password`, or the issuer that vouched for the person.", examples=["password"])
    this: bool = Field(description="Whether it is the one that asks.")


class SecondFactorView(BaseModel):
    """The second factor of an account."""

    confirmed: bool = Field(description="Whether a code is asked for.")
    required: bool = Field(description="Whether this account can do nothing else before it has one.")
    recovery_codes_left: int


class SecondFactorBegun(BaseModel):
    """For a telephone; shown once."""

    secret: str = Field(description="Base32, for typing in.", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(description="`otpauth://...`, as in the code.")
    qr: str = Field(description="The same as a QR code, SVG.")


Code = Annotated[str, Field(min_length=1, max_length=64, examples=["123456"])]


class CodeBody(_Body):
    """A code of the telephone."""

    code: Code


class RecoveryCodes(BaseModel):
    """For a lost telephone; shown once."""

    recovery_codes: list[str] = Field(examples=[["abcd-efgh-ijkl-mnop"]])


class SecondFactorRemoval(_Body):
    """Who removes a second factor shows both."""

    password: Password
    code: Code


class IdentityView(BaseModel):
    """A person of a sign-in provider."""

    id: str
    issuer: str = Field(examples=["https://id.example.org"])
    subject: str = Field(description="How the provider knows the person.", examples=["248289761001"])
    linked: datetime | None


class SubjectBody(_Body):
    """A person of the sign-in provider."""

    subject: Annotated[str, Field(min_length=1, max_length=255, examples=["248289761001"])]


class GoThere(BaseModel):
    """Where a browser goes on."""

    address: str = Field(description="At the sign-in provider.")


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
    reaches: bool = Field(
        default=True,
        description="False when the role is for an office and the account has no grant: then it reaches nothing.",
    )


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
