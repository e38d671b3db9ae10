"""Signing in: whether the room needs a second factor, and the OpenID provider of a town that has one."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.says import says, write
from config.secrets import Secret

RoleName = Literal["administrator", "supervisor", "operator", "responder", "resident", "integrator"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _safe_address(text: str) -> str:
    """An address that nobody on the way can read or change; plain HTTP to this machine alone."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError(
            says("is no address; write it as https://id.example.org", "不是网址；请写如 https://id.example.org")
        ) from None
    if parts.username is not None or parts.query or parts.fragment or not host:
        raise ValueError(
            says(
                "write only https://, a host and a path, as https://id.example.org",
                "只写 https://、主机和路径，如 https://id.example.org",
            )
        )
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)):
        return text
    raise ValueError(
        says("must begin with https://; plain http is for this machine alone", "应以 https:// 开头；http 只能用于本机")
    )


def is_safe_address(value: object) -> bool:
    """Whether a provider may name this as an address: nobody on the way can read or change what is said there."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    return safe and bool(host) and parts.username is None and not parts.fragment


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SafeAddress = Annotated[
    str,
    Field(max_length=512, description="an address as https://id.example.org"),
    AfterValidator(_safe_address),
]


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            says(
                "write an address or a network, as 127.0.0.1 or 10.0.0.0/24",
                "请写地址或网段，如 127.0.0.1 或 10.0.0.0/24",
            )
        ) from None
    return text


Proxy = Annotated[
    str, Field(max_length=64, description="an address or network as 10.0.0.0/24"), AfterValidator(_network)
]
"""Where a reverse proxy is."""


class OidcRoles(_Section):
    """Which role the account of somebody gets who signs in through the provider for the first time."""

    claim: Annotated[str, Field(min_length=1, max_length=128)] = "groups"
    """Name of what the provider says of a person: a text, or a list of them."""
    map: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=256)], RoleName], Field(min_length=1, max_length=100)
    ]
    """Role by value; the first line that fits."""


class Oidc(_Section):
    """An OpenID provider whose people may sign in."""

    issuer: SafeAddress
    """As the provider names itself, letter by letter."""
    client_id: Annotated[str, Field(min_length=1, max_length=256)]
    """The hub's name at the provider."""
    client_secret: Secret
    """The hub's secret there."""
    name: Annotated[str, Field(min_length=1, max_length=64)] = "OpenID"
    """What stands on the button."""
    address: SafeAddress | None = None
    """Where people reach the hub; None takes the address that a browser asked for."""
    scopes: Annotated[
        tuple[
            Annotated[
                str,
                Field(
                    pattern=r"^[!#-\[\]-~]+$",
                    max_length=128,
                    description="a word",
                    json_schema_extra=write("a word", "一个词"),
                ),
            ],
            ...,
        ],
        Field(max_length=20),
    ] = ("profile",)
    """Asked for beside `openid`."""
    roles: OidcRoles | None = None
    """Who gets an account by himself; None links existing accounts alone."""


class SignIn(_Section):
    """How people sign in."""

    second_factor: Literal["optional", "required"] = "optional"
    """Of administrators, supervisors and operators who sign in by password."""
    oidc: Oidc | None = None
    """A provider beside the passwords."""
