"""ONVIF: what a device answers to any question, with the header it wants a password by in the first line.

Every reader takes every answer: a device may send one where another was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from cameras.onvif.answers import Node, xml_of
from cameras.onvif.device import parse_information, parse_services, parse_system_time
from cameras.onvif.digest import parse_challenge
from cameras.onvif.discovery import located, parse_probe_matches
from cameras.onvif.envelope import parse_answer
from cameras.onvif.events import parse_notifications, parse_subscribed
from cameras.onvif.media import lenses, parse_profiles, parse_uri
from cameras.onvif.ptz import parse_position, parse_preset_token, parse_presets
from cameras.onvif.topics import Translator
from cameras.reaching import AskingError
from tests.fuzzing.target import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = "urn:uuid:1"


def _start() -> Callable[[bytes], None]:
    translator = Translator()

    def run(raw: bytes) -> None:
        header, _, body = raw.partition(b"\n")
        parse_challenge(header.decode("latin-1"))
        _refused_at_most(lambda: _found(body))
        _refused_at_most(lambda: _read(parse_answer(body), translator))

    return run


def _refused_at_most(read: Callable[[], None]) -> None:
    refused = ""
    try:
        read()
    except AskingError as error:
        refused = str(error)
    assert len(refused) < 1000  # no device fills a log with one answer


def _found(body: bytes) -> None:
    for match in parse_probe_matches(body, asked=ASKED):
        device = located(match, "192.0.2.7")
        assert device is None or "192.0.2.7" in device.url


def _read(answer: Node, translator: Translator) -> None:
    parse_information(answer)
    parse_system_time(answer)
    parse_services(answer)
    lenses(parse_profiles(answer))
    assert "@" not in parse_uri(answer).partition("://")[2].partition("/")[0]
    parse_presets(answer)
    parse_position(answer)
    parse_preset_token(answer)
    for told in translator.take(parse_notifications(answer), arrived=NOW):
        json.dumps(dict(told.fields), allow_nan=False)
        assert told.at <= NOW
    subscribed = parse_subscribed(answer, asked_s=60)
    for node in subscribed.echoed:
        assert isinstance(xml_of(node), str)


_ANSWERS = (
    (
        '<GetDeviceInformationResponse xmlns="http://www.onvif.org/ver10/device/wsdl"><Manufacturer>Acme</Manufacturer>'
        "<Model>C-1</Model><FirmwareVersion>1.0</FirmwareVersion><SerialNumber>007</SerialNumber>"
        "</GetDeviceInformationResponse>"
    ),
    (
        "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>12</Hour><Minute>0</Minute><Second>60"
        "</Second></Time><Date><Year>2026</Year><Month>3</Month><Day>1</Day></Date></UTCDateTime></SystemDateAndTime>"
        "</GetSystemDateAndTimeResponse>"
    ),
    (
        "<GetServicesResponse><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace>"
        "<XAddr>http://192.0.2.7/onvif/media</XAddr></Service></GetServicesResponse>"
    ),
    (
        '<GetProfilesResponse><Profiles token="p1" fixed="true"><Name>main</Name><VideoSourceConfiguration>'
        "<SourceToken>s1</SourceToken></VideoSourceConfiguration><VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution><Width>"
        "1920</Width><Height>1080</Height></Resolution><RateControl><FrameRateLimit>25</FrameRateLimit><BitrateLimit>4096"
        "</BitrateLimit></RateControl></VideoEncoderConfiguration><PTZConfiguration/></Profiles></GetProfilesResponse>"
    ),
    (
        "<GetStreamUriResponse><MediaUri><Uri>rtsp://hub:secret@192.0.2.7:554/main?x=1</Uri></MediaUri>"
        "</GetStreamUriResponse>"
    ),
    (
        '<GetPresetsResponse><Preset token="1"><Name>gate</Name><PTZPosition><PanTilt x="0.1" y="-0.2"/><Zoom x="0"/>'
        "</PTZPosition></Preset></GetPresetsResponse>"
    ),
    (
        '<GetStatusResponse><PTZStatus><Position><PanTilt x="0.1" y="1e3"/><Zoom x="NaN"/></Position>'
        "<MoveStatus><PanTilt>IDLE</PanTilt></MoveStatus></PTZStatus></GetStatusResponse>"
    ),
    (
        "<CreatePullPointSubscriptionResponse><SubscriptionReference><Address>http://192.0.2.7/sub/1</Address>"
        "<ReferenceParameters><Id>9</Id></ReferenceParameters></SubscriptionReference><CurrentTime>2026-03-01T12:00:00Z"
        "</CurrentTime><TerminationTime>2026-03-01T12:01:00Z</TerminationTime></CreatePullPointSubscriptionResponse>"
    ),
    (
        "<PullMessagesResponse><NotificationMessage><Topic>tns1:VideoSource/MotionAlarm</Topic><Message><Message "
        'UtcTime="2026-03-01T12:00:00Z" PropertyOperation="Changed"><Source>'
        '<SimpleItem Name="Source" Value="s1"/></Source>'
        '<Data><SimpleItem Name="State" Value="true"/></Data></Message></Message></NotificationMessage>'
        "<NotificationMessage><Topic>tns1:Device/tnsacme:Odd</Topic><Message><Message><Data><SimpleItem Name="
        '"Level" Value="3.5"/></Data></Message></Message></NotificationMessage></PullMessagesResponse>'
    ),
    (
        "<Fault><Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code><Reason><Text>no"
        "</Text></Reason></Fault>"
    ),
)
_FOUND = (
    f"<Envelope><Header><RelatesTo>{ASKED}</RelatesTo></Header><Body><ProbeMatches><ProbeMatch><EndpointReference>"
    "<Address>urn:uuid:2</Address></EndpointReference><Scopes>onvif://www.onvif.org/name/Gate%20cam</Scopes><XAddrs>"
    "http://192.0.2.7/onvif/device_service http://[2001:db8::7]/x</XAddrs></ProbeMatch></ProbeMatches></Body></Envelope>"
)
_HEADER = 'Digest realm="cam", nonce="abc", algorithm=SHA-256, qop="auth,auth-int", opaque="x", stale=true'


def _seeds() -> Iterator[bytes]:
    yield f"{_HEADER}\n{_FOUND}".encode()
    for answer in _ANSWERS:
        yield f"{_HEADER}\n<Envelope><Header/><Body>{answer}</Body></Envelope>".encode()
    yield b'\n<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d SYSTEM "file:///etc/passwd">]><Envelope><Body>&b;&d;</Body></Envelope>'


TARGET = Target(
    name="onvif",
    start=_start,
    seeds=_seeds,
    words=("<!DOCTYPE", "<!ENTITY", "]]>", "<![CDATA[", "&#0;", "xmlns:a=", "tns1:", 'Value="', 'token="', "</Body>"),
)
