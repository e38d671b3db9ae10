"""Networks: which addresses the hub may connect to, as words and CIDR blocks in machine.yaml.

An address is judged by what it really leads to: one that wraps another (IPv4 in IPv6, NAT64, 6to4, Teredo) must be
allowed in both forms. Where clouds keep their machines' credentials, multicast and the unspecified address are never
allowed, whatever is written. Pure: nothing here resolves a name or opens a connection; `hub/networks.py` does.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.errors import HubError
from config.says import listed, says

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Block = ipaddress.IPv4Network | ipaddress.IPv6Network

WORDS: dict[str, tuple[str, ...]] = {
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "public": (),
}
"""What may be written beside CIDR blocks. `public` is what is routed in the Internet, and no block of its own."""

_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # "this host": Linux takes it for loopback
        "::/128",
        "255.255.255.255/32",
        "224.0.0.0/4",
        "ff00::/8",
        "169.254.169.0/24",  # instance metadata with credentials: AWS, Azure, Google, Oracle, OpenStack
        "169.254.170.0/24",  # AWS containers
        "169.254.0.23/32",  # Tencent
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's host
        "192.0.0.192/32",  # Oracle
        "fd00:ec2::/32",  # AWS over IPv6
        "fd20:ce::/32",  # Google over IPv6
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")
_FIRST_COMPATIBLE = 0x10000  # below it are ::, ::1 and what nobody writes for an IPv4 address


class NotAllowedNetworkError(HubError):
    """An address that the settings do not allow."""


def _network(text: str) -> str:
    if text in WORDS:
        return text
    try:
        ipaddress.ip_network(text)
    except ValueError:
        words = listed(WORDS)
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(
                says(
                    "is no network; write one as 192.168.1.0/24, or one of {words}",
                    "不是网段；请写如 192.168.1.0/24，或 {words} 之一",
                    words=words,
                )
            ) from None
        raise ValueError(
            says("has bits behind its length; write {meant}", "主机位应为零；请写 {meant}", meant=meant)
        ) from None
    return text


Network = Annotated[
    str,
    Field(
        min_length=1, max_length=64, description="a network as 192.168.1.0/24, or private, link-local, loopback, public"
    ),
    AfterValidator(_network),
]


class Networks(BaseModel):
    """Where the hub may connect to by itself; everything else is refused, names after they were resolved."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    cameras: Annotated[tuple[Network, ...], Field(max_length=256)] = ("private", "link-local", "loopback")
    """Cameras and recorders: streams, ONVIF and searches; loopback for a restreamer that runs beside the hub."""
    webhooks: Annotated[tuple[Network, ...], Field(max_length=256)] = ("private", "public", "loopback")
    """Notifiers (webhooks, mail servers, platforms, chats) and sign-in elsewhere; loopback for a mail relay here."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Networks that may be connected to.

    Attributes:
        setting: Which setting says so, for messages: `networks.cameras`.
        words: As they are written there.
        blocks: What they stand for.
        public: Whether the Internet is among them.
        barred: Addresses that are refused all the same.
    """

    setting: str
    words: tuple[str, ...]
    blocks: tuple[Block, ...]
    public: bool
    barred: frozenset[Address] = frozenset()

    def without(self, addresses: Iterable[str]) -> Allowed:
        """The same but for some addresses.

        Raises:
            ValueError: One of them is none.
        """
        barred = {form for each in addresses for form in _forms(ipaddress.ip_address(each))}
        return replace(self, barred=self.barred | barred)

    @classmethod
    def of(cls, words: Sequence[str], setting: str = "networks") -> Self:
        """From words and blocks as a setting holds them.

        Raises:
            ValueError: One of them is no network.
        """
        blocks = tuple(ipaddress.ip_network(block) for word in words for block in WORDS.get(word, (word,)))
        return cls(setting, tuple(words), blocks, "public" in words)

    def check(self, ip: str | Address) -> None:
        """Refuse an address that is not allowed, or that wraps one.

        Raises:
            NotAllowedNetworkError: Says which, and what to write.
        """
        address = ipaddress.ip_address(ip) if isinstance(ip, str) else ip
        for form in _forms(address):
            if any(form in block for block in _NEVER if block.version == form.version):
                raise NotAllowedNetworkError(
                    says(
                        "address not allowed: {address} is never connected to",
                        "地址不允许：{address} 从不连接",
                        address=_shown(address, form),
                    )
                )
            if form in self.barred:
                raise NotAllowedNetworkError(
                    says(
                        "address not allowed: {address} is not for this request",
                        "地址不允许：{address} 不能用于这个请求",
                        address=_shown(address, form),
                    )
                )
            if not self._holds(form):
                raise NotAllowedNetworkError(
                    says(
                        "address not allowed: {address} is not in {setting}; write {wider} in machine.yaml to allow it",
                        "地址不允许：{address} 不在 {setting} 里；要允许，请在 machine.yaml 里写 {wider}",
                        address=_shown(address, form),
                        setting=self.setting,
                        wider=self._wider(form),
                    )
                )

    def check_literal(self, host: str) -> None:
        """Refuse a host that is written as an address, or names this machine; other names are resolved when it is time.

        Raises:
            NotAllowedNetworkError: As `check`.
        """
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            self.check("127.0.0.1")
            return
        try:
            address: Address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            if (number := _number(name)) is None:
                return
            address = number
        self.check(address)

    def _holds(self, address: Address) -> bool:
        if any(address in block for block in self.blocks if block.version == address.version):
            return True
        return self.public and address.is_global

    def _wider(self, form: Address) -> str:
        word = next(
            (
                word
                for word, blocks in WORDS.items()
                for block in map(ipaddress.ip_network, blocks)
                if block.version == form.version and form in block
            ),
            "public" if form.is_global else f"{form}/{form.max_prefixlen}",
        )
        return f"{self.setting}: [{', '.join((*self.words, word))}]"


def _forms(address: Address) -> Iterator[Address]:
    """The address, and those that it wraps: whoever connects to it may end up there."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    plain = ipaddress.IPv6Address(int(address))  # without its zone, which no network holds
    if plain.ipv4_mapped is not None:
        yield plain.ipv4_mapped  # the same thing: the system connects by IPv4
        return
    if plain in _COMPATIBLE and int(plain) >= _FIRST_COMPATIBLE:
        yield ipaddress.IPv4Address(int(plain))
        return
    if plain in _NAT64:
        yield ipaddress.IPv4Address(int(plain) & 0xFFFFFFFF)
        return
    yield plain
    if plain in _NAT64_LOCAL:
        yield ipaddress.IPv4Address(int(plain) & 0xFFFFFFFF)
    if plain.sixtofour is not None:
        yield plain.sixtofour
    if plain.teredo is not None:
        yield from plain.teredo


def _number(name: str) -> ipaddress.IPv4Address | None:
    """An IPv4 address in one of the forms that only `inet_aton` reads (2130706433, 0x7f.1, 0177.0.0.1)."""
    parts = name.split(".")
    if not 1 <= len(parts) <= 4:  # noqa: PLR2004 - as addresses have
        return None
    numbers = []
    for part in parts:
        base = 16 if part.startswith("0x") else 8 if part.startswith("0") and part != "0" else 10
        try:
            numbers.append(int(part.removeprefix("0x"), base))
        except ValueError:
            return None
    *first, last = numbers
    if any(not 0 <= one <= 255 for one in first) or not 0 <= last < 256 ** (5 - len(numbers)):  # noqa: PLR2004
        return None
    value = last
    for place, one in enumerate(first):
        value += one << (8 * (3 - place))
    return ipaddress.IPv4Address(value)


def _shown(address: Address, form: Address) -> str:
    return str(address) if form == address else f"{address} ({form})"
