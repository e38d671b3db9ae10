"""Events of a device by PullPoint: subscribe, pull with a long wait, renew, and let go. Parsers are pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cameras.onvif.answers import Node
from cameras.onvif.device import EVENTS, plain
from cameras.onvif.session import Question, Session
from cameras.reaching import AskingError, Problem
from hub.clock import Clock

_WSNT = "http://docs.oasis-open.org/wsn/b-2"
_WSNT_ACTION = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"

_MOST_MESSAGES = 256
_MOST_ITEMS = 32
_MOST_VALUE = 256
_MOST_TOPIC = 200
_LEAST_LIFE_S, _MOST_LIFE_S = 5.0, 3600.0
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that a device tells.

    Attributes:
        topic: Without namespaces: `RuleEngine/CellMotionDetector/Motion`.
        at: The device's time; None when it gives none.
        operation: `Initialized`, `Changed` or `Deleted` of a state, empty of something that happened.
        source: Which part of the device, by name.
        data: What is told, by name.
    """

    topic: str
    at: datetime | None = None
    operation: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A place at the device where its events wait.

    Attributes:
        url: Of the place.
        echoed: What it wants back with every question.
        life_s: How long it is kept without being renewed.
    """

    url: str
    echoed: tuple[Node, ...]
    life_s: float


def parse_subscribed(answer: Node, *, asked_s: float) -> Subscribed:
    """The answer to CreatePullPointSubscription.

    Raises:
        AskingError: It holds no address.
    """
    reference = answer.find("SubscriptionReference") or Node("")
    url = reference.text_of("Address")
    if not url:
        raise AskingError(Problem.BROKE, "a subscription without an address")
    echoed = reference.find("ReferenceParameters")
    return Subscribed(url, () if echoed is None else tuple(echoed.children[:8]), parse_life(answer, asked_s=asked_s))


def parse_life(answer: Node, *, asked_s: float) -> float:
    """Seconds that a subscription lives, by the device's own two times; what was asked for when they say nothing."""
    until, now = parse_time(answer.text_of("TerminationTime")), parse_time(answer.text_of("CurrentTime"))
    if until is None or now is None:
        return asked_s
    return min(max((until - now).total_seconds(), _LEAST_LIFE_S), _MOST_LIFE_S)


def parse_time(text: str) -> datetime | None:
    """A time as XML has it; one without a zone is taken for UTC."""
    found = _ISO.fullmatch(text.strip()[:64])
    if found is None:
        return None
    whole, part, zone = found.groups()
    try:
        read = datetime.fromisoformat(f"{whole}{(part or '')[:7]}{'+00:00' if zone in (None, 'Z') else zone}")
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_notifications(answer: Node) -> tuple[Notification, ...]:
    """The answer to PullMessages; what holds no topic is left out."""
    found: list[Notification] = []
    for node in answer.all("NotificationMessage"):
        topic = "/".join(step.rpartition(":")[2] for step in node.text_of("Topic").split("/"))
        topic = plain(topic, most=_MOST_TOPIC)
        message = node.find("Message", "Message") or node.find("Message")
        if topic and message is not None and len(found) < _MOST_MESSAGES:
            found.append(
                Notification(
                    topic=topic,
                    at=parse_time(message.attributes.get("UtcTime", "")),
                    operation=plain(message.attributes.get("PropertyOperation", "")),
                    source={**_items(message.find("Key")), **_items(message.find("Source"))},
                    data=_items(message.find("Data")),
                )
            )
    return tuple(found)


class PullPoint:
    """A subscription, from `begin` to `end`. For one loop."""

    def __init__(
        self, session: Session, clock: Clock, *, wait_s: float = 30.0, life_s: float = 120.0, margin_s: float = 8.0
    ) -> None:
        """Prepare.

        Args:
            session: With the device.
            clock: For renewing in time.
            wait_s: How long the device holds an answer back while nothing happens.
            life_s: How long the device should keep the subscription when nobody renews it.
            margin_s: How much longer than `wait_s` its answer may take.
        """
        self._session = session
        self._clock = clock
        self._wait_s = wait_s
        self._life_s = life_s
        self._margin_s = margin_s
        self._subscribed: Subscribed | None = None
        self._renew_at_s = 0.0

    async def begin(self) -> None:
        """Subscribe to everything.

        Raises:
            AskingError: The device will not, or tells no events.
        """
        url = await self._session.service(EVENTS)
        if url is None:
            raise AskingError(Problem.UNSUPPORTED, "it tells no events")
        body = (
            f'<e:CreatePullPointSubscription xmlns:e="{EVENTS}">'
            f"<e:InitialTerminationTime>PT{self._life_s:.0f}S</e:InitialTerminationTime>"
            "</e:CreatePullPointSubscription>"
        )
        action = f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
        answer = await self._session.ask(url, Question(body, action, to=url))
        subscribed = parse_subscribed(answer, asked_s=self._life_s)
        self._subscribed = Subscribed(self._session.here(subscribed.url), subscribed.echoed, subscribed.life_s)
        self._renews_after(subscribed.life_s)

    async def pull(self) -> tuple[Notification, ...]:
        """What happened; waits for it, and renews in time.

        Raises:
            AskingError: The subscription is gone, or the device.
        """
        if self._clock.monotonic_s() >= self._renew_at_s:
            await self._renew()
        wait_s = max(1.0, min(self._wait_s, self._subscribed.life_s / 3 if self._subscribed else self._wait_s))
        body = (
            f'<e:PullMessages xmlns:e="{EVENTS}"><e:Timeout>PT{wait_s:.0f}S</e:Timeout>'
            "<e:MessageLimit>64</e:MessageLimit></e:PullMessages>"
        )
        action = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
        try:
            return parse_notifications(await self._ask(body, action, timeout_s=wait_s + self._margin_s))
        except AskingError as error:
            if error.problem is not Problem.TIMED_OUT:
                raise
        # Some devices wait for as long as they like: whether this one is gone, a question that has no wait in it says.
        await self._renew()
        return ()

    async def end(self) -> None:
        """Let the device forget it; a device that is gone has."""
        if self._subscribed is not None:
            try:
                await self._ask(f'<n:Unsubscribe xmlns:n="{_WSNT}"/>', f"{_WSNT_ACTION}/UnsubscribeRequest", 1.5)
            except AskingError:
                pass
            finally:
                self._subscribed = None

    async def _renew(self) -> None:
        time = f"<n:TerminationTime>PT{self._life_s:.0f}S</n:TerminationTime>"
        body = f'<n:Renew xmlns:n="{_WSNT}">{time}</n:Renew>'
        try:
            answer = await self._ask(body, f"{_WSNT_ACTION}/RenewRequest")
        except AskingError as error:
            if error.problem is not Problem.UNSUPPORTED:
                raise
            self._renews_after(self._life_s)  # such devices renew with every pull
        else:
            self._renews_after(parse_life(answer, asked_s=self._life_s))

    def _renews_after(self, life_s: float) -> None:
        self._renew_at_s = self._clock.monotonic_s() + life_s / 2

    async def _ask(self, body: str, action: str, timeout_s: float | None = None) -> Node:
        subscribed = self._subscribed
        if subscribed is None:
            raise AskingError(Problem.GONE, "not subscribed")
        question = Question(body, action, to=subscribed.url, echoed=subscribed.echoed, timeout_s=timeout_s)
        return await self._session.ask(subscribed.url, question)


def _items(node: Node | None) -> dict[str, str]:
    if node is None:
        return {}
    items = [item.attributes for item in node.all("SimpleItem")][:_MOST_ITEMS]
    return {
        plain(item.get("Name", "")): plain(item.get("Value", ""), most=_MOST_VALUE)
        for item in items
        if item.get("Name")
    }
