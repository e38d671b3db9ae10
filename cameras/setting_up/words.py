"""Words of setting up: what the set-up process is asked, and what it answers.

Requests hold passwords and go over the child's standard input alone; answers hold none, but for the addresses of a
camera that has its password in their path (`Probed.addresses`), which stay in the hub. What a person reads comes in
both languages, behind a stable word. Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cameras.reaching import Problem

PRIVATE_NETWORKS = ("private", "link-local")
"""Where cameras may be when nobody says otherwise, in the words of `networks.cameras`."""


@dataclass(frozen=True, slots=True)
class Discover:
    """Find cameras that speak ONVIF.

    Attributes:
        targets: Hosts and networks (CIDR) that are asked one by one, where multicast does not reach; 4096 addresses
            at most in all.
        multicast: Whether to ask everybody on the networks of this machine.
        timeout_s: How long to listen.
        allowed: Where cameras may be, as `networks.cameras` says; what answers from elsewhere is left out.
        port: UDP port that is asked.
    """

    targets: tuple[str, ...] = ()
    multicast: bool = True
    timeout_s: float = 4.0
    allowed: tuple[str, ...] = PRIVATE_NETWORKS
    port: int = 3702


@dataclass(frozen=True, slots=True)
class Probe:
    """See what a camera really gives.

    Attributes:
        address: A host, `host:port`, the address of an ONVIF service (http, https) or of a stream (rtsp, rtsps, http).
        username: For ONVIF and for the streams.
        password: Likewise.
        seconds: How long each stream is watched.
        allowed: As in Discover.
        insecure: Take any certificate of its streams, as its settings say.
    """

    address: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    seconds: float = 4.0
    allowed: tuple[str, ...] = PRIVATE_NETWORKS
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class TakeStill:
    """One picture of a stream that is not saved yet.

    Attributes:
        url: Of the stream.
        username: User.
        password: Its password.
        width_px: Of the picture, at most.
        allowed: As in Discover.
        barred: Addresses from which it must not come, whatever name or redirect leads there.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    width_px: int = 1280
    allowed: tuple[str, ...] = PRIVATE_NETWORKS
    barred: tuple[str, ...] = ()


Request = Discover | Probe | TakeStill


@dataclass(frozen=True, slots=True)
class Said:
    """Something for a person to read.

    Attributes:
        word: Stable; that of a Problem where it is one.
        zh: In Chinese.
        en: In English.
        detail: More, for people who know the protocol.
    """

    word: str
    zh: str
    en: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        what: What is done now.
        done: So many steps are done.
        of: Of so many.
    """

    what: Said
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A device that answered.

    Attributes:
        endpoint: What it calls itself; stays the same when its address changes.
        host: Where the answer came from.
        onvif_url: Of its device service.
        name: As set in it.
        model: What it is.
        location: Where it stands, as set in it.
        elsewhere: Addresses that it gave and that lead to another host; they are not followed.
    """

    endpoint: str
    host: str
    onvif_url: str
    name: str
    model: str
    location: str
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovered:
    """Everything that answered, each device once at each host from which it did."""

    cameras: tuple[FoundCamera, ...]
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbedStream:
    """One stream, opened and watched.

    Attributes:
        url: Without user and password.
        name: Of the profile, empty without ONVIF.
        profile: Token of the profile, None without ONVIF.
        problem: Why it could not be opened or broke, None when it was read.
        announced: What ONVIF says of it, as `h264 2560x1440 25 fps`; empty without.
        codec: FFmpeg's name, empty when it was not opened.
        width: Pixels.
        height: Pixels.
        announced_fps: What the stream says of itself.
        measured_fps: Pictures per second of the stream's own time; None when there were too few.
        kbit_s: Kilobits per second.
        keyframe_s: Seconds between two key frames; None when there were not two.
        packets: How many came.
        first_s: Seconds until the first one.
        sound: Codec of its sound, empty without any.
        sound_came: Whether some of it came.
        notes: What is worth knowing of it.
    """

    url: str
    name: str = ""
    profile: str | None = None
    problem: Said | None = None
    announced: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    announced_fps: float | None = None
    measured_fps: float | None = None
    kbit_s: float | None = None
    keyframe_s: float | None = None
    packets: int = 0
    first_s: float | None = None
    sound: str = ""
    sound_came: bool = False
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """One lens: a camera has one, a recorder one for each of its cameras.

    Attributes:
        name: As set in the device, may be empty.
        main: Its large stream.
        sub: Its small one, when there is one.
        fits: Whether what would be analysed (the sub stream, or the only one) fits.
        advice: What to set otherwise.
        still_url: Where the camera itself gives single pictures, None when nowhere.
        turns: Whether it can be turned.
        ptz_profile: By which profile.
    """

    name: str
    main: ProbedStream
    sub: ProbedStream | None
    fits: bool
    advice: tuple[Said, ...]
    still_url: str | None = None
    turns: bool = False
    ptz_profile: str | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the streams of a channel are, in full: never shown, for a password may stand in them.

    Attributes:
        main: Of the large stream.
        sub: Of the small one.
    """

    main: str = field(repr=False)
    sub: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says of itself."""

    manufacturer: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True, slots=True)
class Probed:
    """What a camera really gives.

    Attributes:
        address: As asked, without user and password.
        channels: One for each lens, those with a large picture first; empty when ONVIF alone answered.
        onvif_url: Of its device service, None when it has none or was not asked.
        onvif_problem: Why ONVIF did not help, where it should have.
        device: What it says of itself over ONVIF.
        clock_offset_s: How far its clock is ahead of ours, None when it does not say.
        events: Whether it tells what it notices.
        notes: What is worth knowing of the whole.
        addresses: For each channel, in their order; its streams have theirs with `***` in it.
    """

    address: str
    channels: tuple[Channel, ...]
    onvif_url: str | None = None
    onvif_problem: Said | None = None
    device: Device | None = None
    clock_offset_s: float | None = None
    events: bool = False
    notes: tuple[Said, ...] = ()
    addresses: tuple[Addresses, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Pictured:
    """One picture."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work.

    Attributes:
        problem: Why, in one stable word.
        zh: What a person is told, in Chinese.
        en: In English.
        detail: More, for people who know the protocol.
    """

    problem: Problem
    zh: str
    en: str
    detail: str = ""


Answer = Discovered | Probed | Pictured | Failed
"""What a request ends with."""

REQUESTS: Mapping[str, type[Discover | Probe | TakeStill]] = {
    "discover": Discover,
    "probe": Probe,
    "still": TakeStill,
}
LINES: Mapping[str, type[Progress | Discovered | Probed | Pictured | Failed]] = {
    "progress": Progress,
    "discovered": Discovered,
    "probed": Probed,
    "pictured": Pictured,
    "failed": Failed,
}
