"""An ONVIF camera: device, media, events by PullPoint, motors, discovery; strict about who asks.

One thread that serves and one for each question under way, on loopback. Its passwords are checked as a strict camera
does: a token's nonce may be used once, its time must be the camera's own within 30 s, a digest's count must grow. Its
streams are whatever addresses it is given; `tests.fakes.onvif_streams` has real ones.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import socket
import struct
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from hub.clock import SystemClock

GROUP = "239.255.255.250"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SPACES = {
    "device": "http://www.onvif.org/ver10/device/wsdl",
    "events": "http://www.onvif.org/ver10/events/wsdl",
    "media": "http://www.onvif.org/ver10/media/wsdl",
    "media2": "http://www.onvif.org/ver20/media/wsdl",
    "ptz": "http://www.onvif.org/ver20/ptz/wsdl",
}
_OPEN = {"GetSystemDateAndTime", "GetServices", "GetCapabilities"}
_TOKEN_AGE_S = 30.0


@dataclass(frozen=True)
class FakeProfile:
    """One stream that the camera offers."""

    token: str
    url: str
    width: int
    height: int
    codec: str = "H264"
    fps: int = 10
    source: str = "lens-1"
    turns: bool = False
    sound: str = ""


@dataclass
class _Subscription:
    until: datetime
    waiting: deque[str]


@dataclass
class Turned:
    """Where it looks, and what it was told."""

    moving: bool = False
    pan: float = 0.0
    tilt: float = 0.0
    presets: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


class OnvifCamera:
    """A camera. Context manager; `tell`, `restart` and the attributes may be used from any thread while it runs."""

    def __init__(
        self,
        profiles: Sequence[FakeProfile] = (),
        *,
        name: str = "Gate",
        username: str = "hub",
        password: str = "s3cret",  # noqa: S107 - of a fake
        host: str = "127.0.0.1",
        discovery_port: int | None = None,
        login: str = "token",
        clock_ahead_s: float = 0.0,
        media2: bool = True,
        stands_at: str | None = None,
        services: Sequence[str] = tuple(_SPACES),
        after: Callable[[str], bytes | None] = lambda _question: None,
        keeps: int = 1000,
    ) -> None:
        """Prepare.

        Args:
            profiles: Its streams.
            name: As set in it.
            username: Who may ask.
            password: That one's.
            host: Address it listens on.
            discovery_port: UDP port on which it answers searches; 0 any, None none.
            login: `token`, `digest`, or `none` for everybody.
            clock_ahead_s: How wrong its clock is.
            media2: Whether it knows the second media service.
            stands_at: Host that it writes into its addresses, when that is another than it has.
            services: Those it has.
            after: Given the name of a question, what is sent in place of the answer, as it is.
            keeps: So many questions are answered on one connection; then it closes it, and says so only if that is one.
        """
        self.name, self.username, self.password = name, username, password
        self.profiles = tuple(profiles)
        self.login, self.clock_ahead_s = login, clock_ahead_s
        self.services = [each for each in services if media2 or each != "media2"]
        self.endpoint = f"urn:uuid:{uuid.uuid4()}"
        self.turned = Turned()
        self.asked: list[str] = []
        self.refusals = 0
        self.states: dict[tuple[str, str], tuple[Mapping[str, str], Mapping[str, str]]] = {}
        self.after = after
        self.keeps = keeps
        self.connections = 0
        self.open_connections = 0
        self._host = host
        self._nonces: set[bytes] = set()
        self._digests: dict[str, int] = {}
        self._subscriptions: dict[str, _Subscription] = {}
        self._changed = threading.Condition()
        self._clock = SystemClock()
        self._server = ThreadingHTTPServer((host, 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.stands_at = stands_at or f"{host}:{self.port}"
        self.discovery_port = discovery_port
        self._searches: socket.socket | None = None
        self._is_open = False

    @property
    def url(self) -> str:
        """Of its device service."""
        return f"http://{self._host}:{self.port}/onvif/device_service"

    @property
    def now(self) -> datetime:
        """By its own clock."""
        return self._clock.now() + timedelta(seconds=self.clock_ahead_s)

    @property
    def listeners(self) -> int:
        """Subscriptions that live."""
        with self._changed:
            return sum(each.until > self.now for each in self._subscriptions.values())

    def count_connections(self, change: int) -> None:
        """One more, or one less."""
        with self._changed:
            self.connections += max(0, change)
            self.open_connections += change

    def tell(
        self, topic: str, data: Mapping[str, str], source: Mapping[str, str] | None = None, *, op: str = "Changed"
    ) -> None:
        """Something happens; a state that is told goes on, and later listeners learn of it."""
        source = source or {}
        with self._changed:
            if op == "Changed":
                self.states[topic, str(sorted(source.items()))] = (source, data)
            message = self._message(topic, source, data, op)
            for each in self._subscriptions.values():
                each.waiting.append(message)
            self._changed.notify_all()

    def restart(self) -> None:
        """It was off and on: it knows nothing of who listened, and every answer under way breaks."""
        with self._changed:
            self._subscriptions.clear()
            self._digests.clear()
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self._is_open = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        if self.discovery_port is not None:
            self._searches = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._searches.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._searches.bind((self._host, self.discovery_port))
            self.discovery_port = self._searches.getsockname()[1]
            threading.Thread(target=self._answer_searches, args=(self._searches,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self.restart()
        if self._searches is not None:
            self._searches.close()
        self._server.shutdown()
        self._server.server_close()

    def hear_multicast(self, port: int) -> socket.socket:
        """Answer searches by multicast on loopback too; close what comes back."""
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        heard.bind((GROUP, port))
        member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
        heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        threading.Thread(target=self._answer_searches, args=(heard,), daemon=True).start()
        return heard

    def _answer_searches(self, heard: socket.socket) -> None:
        while True:
            try:
                data, sender = heard.recvfrom(65_535)
                asked = re.search(rb"MessageID>([^<]+)<", data)
                if asked and self._is_open:
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answer:
                        answer.bind((self._host, 0))
                        answer.sendto(self.probe_match(asked[1].decode()), sender)
            except OSError:
                return

    def probe_match(self, asked: str) -> bytes:
        """Its answer to a search."""
        scopes = f"onvif://www.onvif.org/name/{self.name} onvif://www.onvif.org/hardware/Fake-1"
        return (
            f'<s:Envelope xmlns:s="{_SOAP}" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
            f"<a:RelatesTo>{asked}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
            f"<a:EndpointReference><a:Address>{self.endpoint}</a:Address></a:EndpointReference>"
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://{self.stands_at}/onvif/device_service</d:XAddrs>"
            "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()

    # what it answers

    def answer(self, request: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to a request."""
        root = ET.fromstring(request)  # noqa: S314 - our own questions
        body = next(iter(root.find(f"{{{_SOAP}}}Body") or ()))
        space, _, name = body.tag[1:].partition("}")
        self.asked.append(name)
        instead = self.after(name)
        if instead is not None:
            return 200, {}, instead
        if name not in _OPEN and (refusal := self._refusal(root, headers)) is not None:
            self.refusals += 1
            return refusal
        answer = getattr(self, f"_{_snake(name)}", None)
        if answer is None:
            return 500, {}, _fault("ter:ActionNotSupported", name)
        try:
            inside = answer(body, headers.get("path", ""))
        except KeyError as missing:
            return 400, {}, _fault("ter:InvalidArgVal", f"no {missing}")
        return (
            200,
            {},
            _enveloped(
                f'<r:{name}Response xmlns:r="{space}" xmlns:t="http://www.onvif.org/ver10/schema">{inside}</r:{name}Response>'
            ),
        )

    def _refusal(self, root: ET.Element, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes] | None:
        if self.login == "none":
            return None
        if self.login == "digest":
            if self._digest_holds(headers.get("authorization", "")):
                return None
            nonce = secrets.token_hex(8)
            self._digests[nonce] = 0
            asks = f'Digest realm="camera", qop="auth", nonce="{nonce}", algorithm=MD5'
            return 401, {"WWW-Authenticate": asks}, b""
        if self._token_holds(root):
            return None
        return 400, {}, _fault("ter:NotAuthorized", "Sender not authorized")

    def _token_holds(self, root: ET.Element) -> bool:
        found = {node.tag.rpartition("}")[2]: node.text or "" for node in root.iter()}
        if found.get("Username") != self.username or "Nonce" not in found:
            return False
        nonce, created = base64.b64decode(found["Nonce"]), found["Created"]
        when = datetime.fromisoformat(created)
        if nonce in self._nonces or abs((when - self.now).total_seconds()) > _TOKEN_AGE_S:
            return False
        self._nonces.add(nonce)
        wanted = hashlib.sha1(nonce + created.encode() + self.password.encode()).digest()  # noqa: S324 - as ONVIF says
        return found["Password"] == base64.b64encode(wanted).decode()

    def _digest_holds(self, header: str) -> bool:
        said = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header)}
        nonce, count = said.get("nonce", ""), int(said.get("nc", "0"), 16)
        if said.get("username") != self.username or count <= self._digests.get(nonce, 1 << 40):
            return False
        self._digests[nonce] = count

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - as HTTP says

        asked = md5(f"POST:{said['uri']}")
        secret = md5(f"{self.username}:camera:{self.password}")
        return said.get("response") == md5(f"{secret}:{nonce}:{said['nc']}:{said['cnonce']}:auth:{asked}")

    def _get_system_date_and_time(self, *_: object) -> str:
        now = self.now
        time = f"<t:Hour>{now.hour}</t:Hour><t:Minute>{now.minute}</t:Minute><t:Second>{now.second}</t:Second>"
        date = f"<t:Year>{now.year}</t:Year><t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day>"
        utc = f"<t:UTCDateTime><t:Time>{time}</t:Time><t:Date>{date}</t:Date></t:UTCDateTime>"
        return f"<r:SystemDateAndTime><t:DateTimeType>NTP</t:DateTimeType>{utc}</r:SystemDateAndTime>"

    def _get_device_information(self, *_: object) -> str:
        return (
            "<r:Manufacturer>Fake</r:Manufacturer><r:Model>Fake-1</r:Model><r:FirmwareVersion>1.0</r:FirmwareVersion>"
            f"<r:SerialNumber>{self.endpoint[-6:]}</r:SerialNumber><r:HardwareId>1</r:HardwareId>"
        )

    def _get_services(self, *_: object) -> str:
        return "".join(
            f"<r:Service><r:Namespace>{_SPACES[each]}</r:Namespace>"
            f"<r:XAddr>http://{self.stands_at}/onvif/{each}_service</r:XAddr></r:Service>"
            for each in self.services
        )

    def _get_profiles(self, body: ET.Element, _path: str) -> str:
        second = "ver20" in body.tag
        return "".join(_profile(each, second=second) for each in self.profiles if second or each.codec != "H265")

    def _get_stream_uri(self, body: ET.Element, _path: str) -> str:
        url = {each.token: each.url for each in self.profiles}[_text(body, "ProfileToken")]
        return (
            f"<r:Uri>{escape(url)}</r:Uri>"
            if "ver20" in body.tag
            else f"<r:MediaUri><t:Uri>{escape(url)}</t:Uri></r:MediaUri>"
        )

    def _get_snapshot_uri(self, body: ET.Element, _path: str) -> str:
        url = f"http://{self.stands_at}/still.jpg"
        return f"<r:Uri>{url}</r:Uri>" if "ver20" in body.tag else f"<r:MediaUri><t:Uri>{url}</t:Uri></r:MediaUri>"

    # its motors

    def _get_presets(self, *_: object) -> str:
        presets = self.turned.presets.items()
        return "".join(
            f'<r:Preset token="{token}"><t:Name>{escape(name)}</t:Name></r:Preset>' for token, name in presets
        )

    def _set_preset(self, body: ET.Element, _path: str) -> str:
        token = _text(body, "PresetToken", "") or f"p{len(self.turned.presets) + 1}"
        self.turned.presets[token] = _text(body, "PresetName")
        return f"<r:PresetToken>{token}</r:PresetToken>"

    def _goto_preset(self, body: ET.Element, _path: str) -> str:
        self.turned.told.append(f"go {self.turned.presets[_text(body, 'PresetToken')]}")
        return ""

    def _remove_preset(self, body: ET.Element, _path: str) -> str:
        del self.turned.presets[_text(body, "PresetToken")]
        return ""

    def _continuous_move(self, body: ET.Element, _path: str) -> str:
        said = {node.tag.rpartition("}")[2]: node.attrib for node in body.iter()}
        self.turned.moving = True
        self.turned.told.append(f"move {said.get('PanTilt')} {said.get('Zoom')} {_text(body, 'Timeout')}")
        return ""

    def _stop(self, *_: object) -> str:
        self.turned.moving = False
        self.turned.told.append("stop")
        return ""

    def _get_status(self, *_: object) -> str:
        state = "MOVING" if self.turned.moving else "IDLE"
        position = (
            f'<t:Position><t:PanTilt x="{self.turned.pan}" y="{self.turned.tilt}"/><t:Zoom x="0.5"/></t:Position>'
        )
        return f"<r:PTZStatus>{position}<t:MoveStatus><t:PanTilt>{state}</t:PanTilt></t:MoveStatus></r:PTZStatus>"

    # its events

    def _create_pull_point_subscription(self, body: ET.Element, _path: str) -> str:
        life_s = float(re.sub(r"[^\d.]", "", _text(body, "InitialTerminationTime")))
        key, until = uuid.uuid4().hex, self.now + timedelta(seconds=life_s)
        with self._changed:
            waiting = deque(
                self._message(topic, source, data, "Initialized") for (topic, _), (source, data) in self.states.items()
            )
            self._subscriptions[key] = _Subscription(until, waiting)
        wsa = 'xmlns:a="http://www.w3.org/2005/08/addressing"'
        address = f"<a:Address {wsa}>http://{self.stands_at}/onvif/sub/{key}</a:Address>"
        return f"<r:SubscriptionReference>{address}</r:SubscriptionReference>{self._times(until)}"

    def _pull_messages(self, body: ET.Element, path: str) -> str:
        key = path.rpartition("/")[2]
        wait_s = float(re.sub(r"[^\d.]", "", _text(body, "Timeout")))
        with self._changed:
            mine = self._subscriptions[key]
            self._changed.wait_for(lambda: mine.waiting or key not in self._subscriptions, wait_s)
            if self._subscriptions[key].until < self.now:
                raise KeyError(key)
            messages = "".join(mine.waiting)
            mine.waiting.clear()
        return self._times(mine.until) + messages

    def _renew(self, body: ET.Element, path: str) -> str:
        life_s = float(re.sub(r"[^\d.]", "", _text(body, "TerminationTime")))
        with self._changed:
            mine = self._subscriptions[path.rpartition("/")[2]]
            mine.until = self.now + timedelta(seconds=life_s)
        return self._times(mine.until)

    def _unsubscribe(self, _body: ET.Element, path: str) -> str:
        with self._changed:
            del self._subscriptions[path.rpartition("/")[2]]
            self._changed.notify_all()
        return ""

    def _times(self, until: datetime) -> str:
        wsnt = 'xmlns:n="http://docs.oasis-open.org/wsn/b-2"'
        return (
            f"<n:CurrentTime {wsnt}>{_iso(self.now)}</n:CurrentTime>"
            f"<n:TerminationTime {wsnt}>{_iso(until)}</n:TerminationTime>"
        )

    def _message(self, topic: str, source: Mapping[str, str], data: Mapping[str, str], op: str) -> str:
        def items(named: Mapping[str, str]) -> str:
            return "".join(
                f'<t:SimpleItem Name="{escape(name)}" Value="{escape(value)}"/>' for name, value in named.items()
            )

        operation = f' PropertyOperation="{op}"' if op else ""
        return (
            '<n:NotificationMessage xmlns:n="http://docs.oasis-open.org/wsn/b-2">'
            f'<n:Topic xmlns:tns1="http://www.onvif.org/ver10/topics">tns1:{topic}</n:Topic><n:Message>'
            f'<t:Message xmlns:t="http://www.onvif.org/ver10/schema" UtcTime="{_iso(self.now)}"{operation}>'
            f"<t:Source>{items(source)}</t:Source><t:Data>{items(data)}</t:Data></t:Message></n:Message>"
            "</n:NotificationMessage>"
        )


def _handler(camera: OnvifCamera) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60.0
        answered = 0

        def setup(self) -> None:
            super().setup()
            camera.count_connections(1)

        def finish(self) -> None:
            camera.count_connections(-1)
            super().finish()

        def do_POST(self) -> None:
            self.answered += 1
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()} | {"path": self.path}
            status, more, answer = camera.answer(body, headers)
            try:
                self.send_response(status)
                for name, value in (more | {"Content-Type": "application/soap+xml"}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                if camera.keeps == 1:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer)
                self.close_connection = self.close_connection or self.answered >= camera.keeps
            except OSError:
                self.close_connection = True  # who asked is gone

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _profile(profile: FakeProfile, *, second: bool) -> str:
    source, video, sound, ptz = (
        ("VideoSource", "VideoEncoder", "AudioEncoder", "PTZ")
        if second
        else ("VideoSourceConfiguration", "VideoEncoderConfiguration", "AudioEncoderConfiguration", "PTZConfiguration")
    )
    inside = (
        f"<t:{source}><t:SourceToken>{profile.source}</t:SourceToken></t:{source}>"
        f"<t:{video}><t:Encoding>{profile.codec}</t:Encoding><t:Resolution><t:Width>{profile.width}</t:Width>"
        f"<t:Height>{profile.height}</t:Height></t:Resolution><t:RateControl><t:FrameRateLimit>{profile.fps}"
        f"</t:FrameRateLimit><t:BitrateLimit>2048</t:BitrateLimit></t:RateControl></t:{video}>"
    )
    inside += f"<t:{sound}><t:Encoding>{profile.sound}</t:Encoding></t:{sound}>" if profile.sound else ""
    inside += f'<t:{ptz} token="motors"/>' if profile.turns else ""
    if second:
        inside = f"<t:Configurations>{inside}</t:Configurations>"
    return f'<r:Profiles token="{profile.token}" fixed="true"><t:Name>{profile.token}</t:Name>{inside}</r:Profiles>'


def _enveloped(inside: str) -> bytes:
    return f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def _fault(code: str, reason: str) -> bytes:
    subcode = f'<s:Subcode><s:Value xmlns:ter="http://www.onvif.org/ver10/error">{code}</s:Value></s:Subcode>'
    text = f'<s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason>'
    return _enveloped(f"<s:Fault><s:Code><s:Value>s:Sender</s:Value>{subcode}</s:Code>{text}</s:Fault>")


def _text(node: ET.Element, name: str, default: str | None = None) -> str:
    for each in node.iter():
        if each.tag.rpartition("}")[2] == name:
            return each.text or ""
    if default is None:
        raise KeyError(name)
    return default


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
