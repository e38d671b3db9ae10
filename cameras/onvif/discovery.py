"""Discovery: cameras on the networks of this machine, and on those that are named, by WS-Discovery.

One question by multicast on every interface in an allowed network, and one to each named host, twice, for they are UDP.
Whoever answers is asked nothing more here. What an answer says is taken with doubt: it must belong to our question and
come from an allowed network, an address in it that leads to another host is told and not followed, and nobody can fill
the list with names: it is bounded, in all and for each host.
"""

from __future__ import annotations

import fcntl
import ipaddress
import selectors
import socket
import struct
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote, urlsplit

from cameras.onvif.answers import Node, parse_xml
from cameras.onvif.device import plain
from cameras.onvif.envelope import SOAP
from cameras.reaching import AskingError, Problem
from hub.clock import Clock
from hub.networks import Allowed, NotAllowedNetworkError

GROUP = "239.255.255.250"
PORT = 3702
MOST_TARGETS = 4096
MOST_DEVICES = 1024

_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_MOST_BYTES = 65_535
_MOST_PER_HOST = 8
_MOST_ANSWERS = 20_000
_AT_ONCE = 64
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class Match:
    """A device in an answer.

    Attributes:
        endpoint: What it calls itself.
        urls: Addresses of its device service, as it says.
        name: As set in it.
        model: What it is.
        location: As set in it.
    """

    endpoint: str
    urls: tuple[str, ...]
    name: str
    model: str
    location: str


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that answered.

    Attributes:
        match: What it said.
        host: Where the answer came from.
        url: Of its device service, at that very host.
        elsewhere: Addresses that it gave and that lead to another host.
    """

    match: Match
    host: str
    url: str
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """Whom to ask.

    Attributes:
        targets: Hosts, `host:port` and networks.
        multicast: Whether everybody is asked too.
        timeout_s: How long to listen.
        port: That devices listen on.
        own: Addresses of this machine's networks, from `own_addresses`.
    """

    targets: Sequence[str] = ()
    multicast: bool = True
    own: Sequence[str] = ()
    timeout_s: float = 4.0
    port: int = PORT


def own_addresses() -> tuple[str, ...]:
    """The IPv4 address of each network of this machine; to be asked before the process is confined."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            try:
                got = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # without an IPv4 address
            found.append(socket.inet_ntoa(got[20:24]))
    return tuple(found)


def probe_message(message_id: str) -> bytes:
    """The question for everything that sends video."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:a="{_WSA}"><s:Header>'
        f"<a:Action>{_WSD}/Probe</a:Action><a:MessageID>{message_id}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body>"
        f'<d:Probe xmlns:d="{_WSD}"><d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">'
        "n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def parse_probe_matches(data: bytes, *, asked: str) -> tuple[Match, ...]:
    """The devices in an answer to the question `asked`; none when it answers another.

    Raises:
        AskingError: It is no answer.
    """
    root = parse_xml(data)
    if root.text_of("Header", "RelatesTo") != asked:
        return ()
    body = root.find("Body") or Node("")  # some leave out the list in it
    return tuple(_match(node) for node in islice(body.below("ProbeMatch"), _MOST_PER_HOST))


def targets_of(words: Sequence[str], allowed: Allowed, *, port: int) -> Iterator[tuple[str, int]]:
    """The addresses of hosts and networks.

    Raises:
        AskingError: One is no address, not allowed, or they are too many.
    """
    count = 0
    for word in words:
        for address, number in _addresses(word.strip(), port):
            count += 1
            if count > MOST_TARGETS:
                raise AskingError(Problem.BAD_ADDRESS, f"more than {MOST_TARGETS} addresses; name smaller networks")
            try:
                allowed.check(address)
            except NotAllowedNetworkError as error:
                raise AskingError(Problem.NOT_ALLOWED, str(error)) from None
            yield str(address), number


def discover(
    search: Search, allowed: Allowed, clock: Clock, *, on_found: Callable[[FoundDevice], None] = lambda _found: None
) -> tuple[list[FoundDevice], list[str]]:
    """Ask, and listen until the time is over.

    Returns:
        Each device once, and endpoints that answered from more than one host.

    Raises:
        AskingError: The targets are none, or this machine can ask nobody.
    """
    targets = list(targets_of(search.targets, allowed, port=search.port))
    asked = f"urn:uuid:{uuid.uuid4()}"
    message = probe_message(asked)
    hearing = _Hearing(asked, allowed, on_found)
    with selectors.DefaultSelector() as selector:
        try:
            senders = _multicast_senders(search.own, allowed) if search.multicast else []
            single = _single_sender() if targets else None
        except OSError as error:
            raise AskingError(Problem.NO_ROUTE, str(error)) from None
        try:
            for sender in [*senders, *([single] if single else [])]:
                selector.register(sender, selectors.EVENT_READ)
            until_s = clock.monotonic_s() + search.timeout_s
            sends = [(sender, (GROUP, search.port)) for sender in senders]
            sends += [(single, target) for target in targets] if single else []
            waiting = sends * 2
            while (left_s := until_s - clock.monotonic_s()) > 0:
                for sender, target in waiting[:_AT_ONCE]:
                    _send(sender, message, target)
                waiting = waiting[_AT_ONCE:]
                for key, _ in selector.select(min(0.02 if waiting else 0.25, left_s)):
                    hearing.hear(key.fileobj)  # type: ignore[arg-type]  # they are sockets
                if not selector.get_map():
                    break
        finally:
            for sender in [*senders, *([single] if single else [])]:
                sender.close()
    return list(hearing.found.values()), sorted(hearing.twice)


class _Hearing:
    def __init__(self, asked: str, allowed: Allowed, on_found: Callable[[FoundDevice], None]) -> None:
        self._asked = asked
        self._allowed = allowed
        self._on_found = on_found
        self._per_host: Counter[str] = Counter()
        self._answers = 0
        self.found: dict[tuple[str, str], FoundDevice] = {}
        self._endpoints: set[str] = set()
        self.twice: set[str] = set()

    def hear(self, sock: socket.socket) -> None:
        try:
            data, sender = sock.recvfrom(_MOST_BYTES)
        except OSError:
            return  # a host that is there and does not listen
        host = str(sender[0])
        self._answers += 1
        if self._answers > _MOST_ANSWERS or self._per_host[host] >= _MOST_PER_HOST:
            return
        self._per_host[host] += 1
        try:
            self._allowed.check(host)
            matches = parse_probe_matches(data, asked=self._asked)
        except (AskingError, NotAllowedNetworkError):
            return
        for match in matches:
            self._take(match, host)

    def _take(self, match: Match, host: str) -> None:
        if (match.endpoint, host) in self.found:
            return
        if match.endpoint in self._endpoints:
            self.twice.add(match.endpoint)  # both are told: whoever answers first may pose as the other
        found = located(match, host)
        if found is None or len(self.found) >= MOST_DEVICES:
            return
        self.found[match.endpoint, host] = found
        self._endpoints.add(match.endpoint)
        self._on_found(found)


def located(match: Match, host: str) -> FoundDevice | None:
    """A device at the host that answered, whatever addresses it gave; None when it gave none that can be read."""
    own: list[str] = []
    elsewhere: list[str] = []
    for url in match.urls:
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
                continue
        except ValueError:
            continue
        (own if parts.hostname == host else elsewhere).append(url)
    if own:
        return FoundDevice(match, host, own[0], tuple(elsewhere))
    if not elsewhere:
        return None
    written = f"[{host}]" if ":" in host else host
    parts = urlsplit(elsewhere[0])
    return FoundDevice(match, host, parts._replace(netloc=written).geturl(), tuple(elsewhere))


def _match(node: Node) -> Match:
    scopes = [scope for scope in node.text_of("Scopes").split() if scope.startswith("onvif://www.onvif.org/")][:64]

    def of(kind: str) -> str:
        mark = f"onvif://www.onvif.org/{kind}/"
        found = next((scope.removeprefix(mark) for scope in scopes if scope.lower().startswith(mark)), "")
        return plain(unquote(found[:256]))

    endpoint = plain(node.text_of("EndpointReference", "Address"), most=200)
    urls = tuple(url for url in node.text_of("XAddrs").split()[:8] if len(url) <= 1024 and url.isprintable())  # noqa: PLR2004
    return Match(endpoint or (urls[0] if urls else ""), urls, of("name"), of("hardware"), of("location"))


def _addresses(word: str, port: int) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]]:
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        host, colon, number = word.rpartition(":")
        try:
            yield ipaddress.ip_address(host if colon else word), int(number) if colon else port
        except ValueError:
            raise AskingError(Problem.BAD_ADDRESS, f"{word[:60]!r} is no address and no network") from None
        return
    if network.num_addresses > 2 * MOST_TARGETS:
        raise AskingError(Problem.BAD_ADDRESS, f"{word[:60]} has more than {MOST_TARGETS} addresses")
    hosts = network.hosts() if network.num_addresses > 1 else iter((network.network_address,))
    for address in hosts:
        yield address, port


def _multicast_senders(own: Sequence[str], allowed: Allowed) -> list[socket.socket]:
    """A socket for each interface whose own address is in an allowed network."""
    senders = []
    for address in dict.fromkeys(own):
        try:
            allowed.check(address)
        except NotAllowedNetworkError:
            continue
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setblocking(False)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        senders.append(sender)
    return senders


def _single_sender() -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setblocking(False)
    return sender


def _send(sender: socket.socket, message: bytes, target: tuple[str, int]) -> None:
    try:
        sender.sendto(message, target)
    except OSError:
        return  # no way there, or the buffer is full; it is asked again
