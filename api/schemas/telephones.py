"""Bodies about telephone numbers: whom one may call, and the numbers of people as they are set up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.places import Text
from config.phones import Phone, PhoneNumber

Why = Literal["sent", "on_duty", "on_call", "reporter", "lives_there", "site", "community"]


class PhoneView(BaseModel):
    """A number and who answers there."""

    name: Text
    number: str = Field(examples=["023-4567 0110"])


class PhonesView(BaseModel):
    """Whom anybody here may call, the monitoring room first."""

    phones: list[PhoneView]


class PhonesBody(BaseModel):
    """All of them, anew."""

    model_config = ConfigDict(extra="forbid")

    phones: Annotated[list[Phone], Field(max_length=16)]


class CallView(BaseModel):
    """Somebody to call about an incident."""

    why: Why = Field(
        description="The person was sent, is on duty or on call for the place, reported it or lives there; or a place."
    )
    account: str | None = Field(default=None, description="The person, if it is one.")
    name: Text | None = Field(default=None, description="Who answers, if it is no person.")
    number: str = Field(examples=["+86 138 0013 8000"])


class CallsView(BaseModel):
    """Whom to call about an incident; who has no number is left out."""

    calls: list[CallView]


class PersonPhoneView(BaseModel):
    """The number of a person."""

    account: str
    number: str | None = Field(description="That is called: his own choice, else that of the settings.")
    settled: str | None = Field(description="As the settings say.")


class PersonPhoneBody(BaseModel):
    """Another number of a person in the settings."""

    model_config = ConfigDict(extra="forbid")

    number: PhoneNumber | None = Field(description="None takes it out.")
