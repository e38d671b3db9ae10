"""Bodies about API keys and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.accounts import NewPassword, Username
from api.schemas.places import Text
from hub.access import Permission

Id = Annotated[str, Field(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class KeyBody(_Body):
    """A new API key."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for.", examples=["gate display"])]
    permissions: Annotated[
        list[Permission], Field(min_length=1, max_length=len(Permission), examples=[["cameras.view", "incidents.view"]])
    ]
    cameras: Annotated[
        list[Id] | None, Field(max_length=1000, description="Ids of cameras; null for all that you reach.")
    ] = None
    expires: Annotated[AwareDatetime, Field(description="At most two years from now.")]


class KeyView(BaseModel):
    """An API key, without what opens the door."""

    id: str
    account: str = Field(description="Name of the account whose it is.", examples=["lin"])
    name: str = Field(examples=["gate display"])
    permissions: list[str] = Field(examples=[["cameras.view"]])
    cameras: list[str] | None
    created: datetime
    expires: datetime
    used: datetime | None = Field(description="When it was last used, to the minute.")


class KeyMade(KeyView):
    """A new API key; this is the only time that `key` is shown."""

    key: str = Field(description="Send it as `X-API-Key`.", examples=["chk_0123456789abcdef_..."])


class InvitationBody(_Body):
    """A new invitation."""

    role: Literal["resident", "responder"] = "resident"
    sites: Annotated[list[Id], Field(max_length=20, description="Where that person lives.", examples=[["hh-017"]])] = []
    note: Annotated[str, Field(max_length=200, description="For whom, in words.", examples=["Wang family"])] = ""
    expires: Annotated[AwareDatetime | None, Field(description="In 7 days when left out; at most 30.")] = None


class InvitationView(BaseModel):
    """An invitation, without what its link carries."""

    id: str
    role: str = Field(examples=["resident"])
    sites: list[str] = Field(examples=[["hh-017"]])
    note: str
    made_by: str = Field(examples=["lin"])
    made: datetime
    expires: datetime
    used: datetime | None = Field(description="When an account was made with it.")
    ended: datetime | None = Field(description="When it was taken back.")


class InvitationMade(InvitationView):
    """A new invitation; this is the only time that its link is shown."""

    link: str = Field(examples=["https://hub.example.org/invite#token=..."])
    qr: str = Field(description="The link as a QR code, SVG.")


class InvitationToken(_Body):
    """What the link of an invitation carries."""

    token: Annotated[str, Field(min_length=1, max_length=512)]


class InvitationLook(BaseModel):
    """What an invitation is for."""

    role: str = Field(examples=["resident"])
    sites: list[Text | None] = Field(description="Names of the homes, where they have one.")
    expires: datetime
    provider: str | None = Field(description="Name of the sign-in provider that can be used instead of a password.")


class InvitationUse(InvitationToken):
    """The account that is made with it."""

    username: Username
    password: NewPassword


class InvitationOutside(InvitationToken):
    """The account that is made with it, for who signs in through the provider."""

    username: Username
