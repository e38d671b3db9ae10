"""Telephone numbers as community.yaml writes them: of people, of sites, and of those who help everybody here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.says import write
from config.terms import Name, Part

PhoneNumber = Annotated[
    str,
    Field(
        pattern=r"^\+?[0-9](?:[ -]{0,3}[0-9]){2,19}$",
        json_schema_extra=write(
            "a telephone number of 3 to 20 digits in quotes, with spaces and hyphens between them, "
            "+ before a country's code",
            "电话号码，3 到 20 位数字，加引号，中间可有空格和短横，国家代码前加 +",
        ),
    ),
]
"""What can be dialled: `119`, `023-6789 0119`, `+86 138 0013 8000`."""


class Phone(Part):
    """A number and whose it is."""

    name: Name
    """Who answers: the guard's room, the hospital."""
    number: PhoneNumber
    """What is dialled."""


Phones = Annotated[tuple[Phone, ...], Field(max_length=16)]
"""Whom one may call, in the order in which one tries."""
