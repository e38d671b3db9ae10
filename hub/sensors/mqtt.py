"""MqttIntake and Publisher: the only file that knows paho.

The intake hands every message to the Pipeline, which acknowledges it after the commit. Its client id is fixed and its
session persistent, so what is sent while the hub is away comes when it is back. The Publisher sends what others may
see: it drops, and counts, what the broker does not take in time. paho runs one thread for each; both connect again by
themselves.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.community import Community
from hub.clock import Clock
from hub.sensors.admission import Message
from hub.sensors.endpoint import BrokerEndpoint, BrokerRun
from hub.sensors.intake import Door
from hub.sensors.pipeline import Arrival, Pipeline
from hub.sensors.presence import Presence
from hub.sensors.stores import Log, Marks, Memory
from hub.sensors.subscriptions import Subscriptions
from hub.sensors.watching import SensorWatch

logger = logging.getLogger(__name__)

KEEPALIVE_S = 30
LONGEST_PAUSE_S = 30
"""Between attempts to connect: 1 s, doubling to this."""

TICK_S = 1.0
STOP_S = 3.0
ANSWER_S = 1.0
BROKER, BROKER_HEALTH = "broker", "broker.health"
STATUS_TOPIC = "hub/v1/status"
NO_FILTER = "hub/v1/nothing"
"""Nobody subscribes to it. Unsubscribing from it changes nothing, and its answer says that the broker has read all that
we sent before: MQTT has no other question that paho lets us ask."""


@dataclass(frozen=True, slots=True)
class IntakeStatus:
    """What the intake has done since its start.

    Attributes:
        connected: The broker answers.
        listening: It has taken all our subscriptions: from here on no message is missed.
        counts: Messages by name: `received`, `stored`, `repeated`, `ignored`, `left` (with the broker), `dropped`
            (QoS 0, nobody keeps those), `refused.<reason>`, and `in_flight`.
    """

    connected: bool
    listening: bool
    counts: dict[str, int]


class MqttIntake:
    """The sensors' way in. `start`, `stop` and `apply` from any thread."""

    def __init__(
        self,
        endpoint: BrokerEndpoint,
        event_log: Log,
        clock: Clock,
        *,
        door: Door,
        marks: Marks,
        presence: Presence,
        broker_run: Callable[[], BrokerRun] | None = None,
        in_flight: int = 256,
        watch: SensorWatch | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Describe an intake; nothing is connected yet.

        Args:
            endpoint: The broker.
            event_log: Where facts and refusals go.
            clock: Arrival times and durations.
            door: Reads the messages.
            marks: Which messages are stored though the broker may not know.
            presence: Who is there.
            broker_run: The run of a broker that numbers packets afresh at each start (the embedded one); None for one
                that keeps its numbering (Mosquitto).
            in_flight: At most so many messages between broker and commit.
            watch: Notices what sensors do not say of themselves.
            memory: Keeps what devices announced over a restart.
        """
        self._endpoint = endpoint
        self._clock = clock
        self._door = door
        self._presence = presence
        self._broker_run = broker_run
        self._watch = watch
        self._pipeline = Pipeline(
            event_log,
            marks,
            door=door,
            presence=presence,
            clock=clock,
            client_id=endpoint.client_id,
            acknowledge=self._acknowledge,
            limit=in_flight,
            watch=watch,
            memory=memory,
            follow=self._follow,
        )
        self._lock = threading.Lock()
        self._subscriptions = Subscriptions(
            door,
            subscribe=lambda topics: self._client.subscribe([(topic, 1) for topic in topics])[1],
            unsubscribe=lambda topics: self._client.unsubscribe(list(topics))[1],
        )
        self._question: tuple[int, float] | None = None  # id of the question to the broker, and when it was sent
        self._answered = threading.Event()
        self._connected = False
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick_on, name="mqtt-tick", daemon=True)
        self._client = _make_client(endpoint, endpoint.client_id, clean=False)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_unsubscribe = self._on_unsubscribe

    def start(self) -> None:
        """Take over what the last run left, and connect; a broker that is away is tried again and again."""
        self._presence.start()
        if self._watch is not None:
            self._watch.start()
        self._pipeline.start(self._run())
        self._client.connect_async(self._endpoint.host, self._endpoint.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        self._ticker.start()

    def stop(self) -> None:
        """Take no more, acknowledge what the store still finishes, and go. Safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._pipeline.stop()
        if self._ask():
            self._answered.wait(ANSWER_S)
        self._pipeline.settle()
        self._client.disconnect()
        self._client.loop_stop()
        if self._ticker.is_alive():
            self._ticker.join(STOP_S)

    def apply(self, community: Community) -> None:
        """Know these sensors from now on, and listen to the formats they use."""
        places = self._door.apply(community)
        self._presence.watch([(place.sensor, place.area) for place in places])
        if self._watch is not None:
            self._watch.apply([(place.sensor, place.area) for place in places])
        with self._lock:
            self._subscriptions.apply(places)

    def status(self) -> IntakeStatus:
        """What was done so far."""
        with self._lock:
            connected, listening = self._connected, self._connected and self._subscriptions.settled
        return IntakeStatus(connected, listening, self._pipeline.counts())

    def _run(self) -> BrokerRun | None:
        return None if self._broker_run is None else self._broker_run()

    def _acknowledge(self, packet: int) -> None:
        self._client.ack(packet, 1)

    # paho's thread

    def _on_connect(
        self, _client: Client, _data: Any, flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            logger.error("broker refuses us", extra={"reason": str(reason)})
            self._presence.note(BROKER_HEALTH, BROKER, online=False, reason=f"refuses us: {reason}")
            return
        self._pipeline.connected(session_kept=flags.session_present, run=self._run())
        with self._lock:
            self._connected = True
            self._question = None
            self._subscriptions.connected(session_kept=flags.session_present)
        logger.info("connected to the broker", extra={"session_kept": flags.session_present})
        self._presence.note(BROKER_HEALTH, BROKER, online=True, reason="connected")

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._presence.note(BROKER_HEALTH, BROKER, online=False, reason="cannot be reached")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._lock:
            self._connected = False
            self._subscriptions.disconnected()
        self._pipeline.disconnected()
        if not self._stopping.is_set():
            logger.warning("connection to the broker lost", extra={"reason": str(reason)})
            self._presence.note(BROKER_HEALTH, BROKER, online=False, reason=f"connection lost: {reason}")

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        with self._lock:
            self._subscriptions.answered(mid)
        if any(reason.is_failure for reason in reasons):
            logger.error("broker refuses a subscription", extra={"reasons": [str(reason) for reason in reasons]})

    def _on_unsubscribe(
        self, _client: Client, _data: Any, mid: int, _reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        with self._lock:
            question = self._question
            if question is None or question[0] != mid:
                return
            self._question = None
        self._pipeline.answered(question[1])
        self._answered.set()

    def _ask(self) -> bool:
        """Ask the broker how far it has read, unless a question is open; whether it was asked anew."""
        with self._lock:
            if not self._connected or self._question is not None or not self._pipeline.wants_answer:
                return False
            self._answered.clear()
            now_s = self._clock.monotonic_s()  # before sending: all acknowledgements until now are ahead of it
            _, mid = self._client.unsubscribe(NO_FILTER)
            if mid is None:
                return False
            self._question = (mid, now_s)
            return True

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if self._stopping.is_set():
            return  # un-acknowledged: the broker keeps it for the next run
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"
        try:
            came = Message(topic, bytes(message.payload), retained=message.retain, arrived=self._clock.now())
            self._pipeline.receive(Arrival(came, message.mid if message.qos else 0, dup=message.dup))
        except Exception:
            logger.exception("message failed at the door", extra={"topic": topic})

    def _follow(self, topics: tuple[str, ...]) -> None:
        with self._lock:
            self._subscriptions.follow(topics)

    # the ticker's thread

    def _tick_on(self) -> None:
        while not self._stopping.wait(TICK_S):
            try:
                self._presence.tick()
                if self._watch is not None:
                    self._watch.tick()
                self._ask()
                with self._lock:
                    self._subscriptions.tick()
                if self._pipeline.tick():
                    self._connect_afresh()
            except Exception:
                logger.exception("tick failed")

    def _connect_afresh(self) -> None:
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            logger.info("asking the broker again for what could not be stored")
            connection.shutdown(socket.SHUT_RDWR)  # paho connects again, and the broker sends what it still holds


class Publisher:
    """The hub's way out: status with a last will, events, incidents. `publish` from any thread; never waits."""

    def __init__(self, endpoint: BrokerEndpoint, *, queue_size: int = 1_000, is_hub: bool = True) -> None:
        """Describe a publisher.

        Args:
            endpoint: The broker.
            is_hub: It speaks for the hub: says `online`, and `offline` as its last will. Not so for a simulator.
            queue_size: Messages that may wait for the broker; a newer one is then dropped and counted.
        """
        self._endpoint = endpoint
        self._limit = queue_size
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._early: set[int] = set()  # answered before `publish` returned
        self._dropped = 0
        self._connected = threading.Event()
        self._client = _make_client(endpoint, f"{endpoint.client_id}-out", clean=True)
        self._client.max_queued_messages_set(queue_size)
        self._is_hub = is_hub
        if is_hub:
            self._client.will_set(STATUS_TOPIC, "offline", qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        """Connect, and say `online` whenever connected."""
        self._client.connect_async(self._endpoint.host, self._endpoint.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Say `offline` and go. Safe to call twice."""
        if self._is_hub and self._connected.is_set():
            self._client.publish(STATUS_TOPIC, "offline", qos=1, retain=True).wait_for_publish(STOP_S)
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send a message: at QoS 1 when `retain`, so that the state others see is the last one; else at QoS 0.

        Returns:
            Whether it was taken; a message that was not is dropped and counted.
        """
        with self._lock:
            if len(self._waiting) >= self._limit:
                self._dropped += 1
                return False
        # Without our lock: paho holds a lock of its own in `publish`, and holds it again when it calls `_on_publish`.
        sent = self._client.publish(topic, payload, qos=1 if retain else 0, retain=retain)
        with self._lock:
            if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                if sent.mid in self._early:
                    self._early.discard(sent.mid)
                else:
                    self._waiting.add(sent.mid)
                return True
            if retain and sent.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
                return True  # paho keeps QoS 1 until it is connected, at most `queue_size`
            self._dropped += 1
            return False

    @property
    def dropped(self) -> int:
        """Messages that the broker did not take in time."""
        with self._lock:
            return self._dropped

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not reason.is_failure:
            self._connected.set()
            if self._is_hub:
                client.publish(STATUS_TOPIC, "online", qos=1, retain=True)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, _reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._connected.clear()
        with self._lock:
            self._waiting.clear()  # what was QoS 0 is lost; what is QoS 1 is bounded by paho's own queue
            self._early.clear()

    def _on_publish(self, _client: Client, _data: Any, mid: int, _reason: ReasonCode, _properties: Properties) -> None:
        with self._lock:
            if mid in self._waiting:
                self._waiting.discard(mid)
            else:
                self._early.add(mid)


def _make_client(endpoint: BrokerEndpoint, client_id: str, *, clean: bool) -> Client:
    """A paho client for an endpoint: MQTT 3.1.1, which every broker speaks, acknowledged by hand."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean,
        protocol=MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
    )
    if endpoint.username is not None:
        client.username_pw_set(endpoint.username, endpoint.password.reveal() if endpoint.password else None)
    if endpoint.tls:
        client.tls_set_context(ssl.create_default_context(cafile=endpoint.ca_file))
    client.reconnect_delay_set(min_delay=1, max_delay=LONGEST_PAUSE_S)
    client.on_socket_open = _send_at_once
    return client


def _send_at_once(_client: Client, _data: Any, connection: Any) -> None:
    """Without this the second acknowledgement of a burst waits 40 ms for TCP's answer to the first."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
