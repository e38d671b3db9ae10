"""What is wrong when a camera is asked for something: one stable word, and what a person is told in two languages.

Each word leads to another thing that a person can do, so none stands for two of them: a host that does not answer, one
whose port is closed and one to which no way leads are three. Pure; loads neither PyAV nor OpenCV.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from hub.errors import HubError


class Problem(enum.StrEnum):
    """What is wrong, in one word that stays."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the word for it
    WRONG_PATH = "wrong_path"
    UNKNOWN_HOST = "unknown_host"
    NO_ROUTE = "no_route"
    PORT_CLOSED = "port_closed"
    TIMED_OUT = "timed_out"
    NOT_ALLOWED = "not_allowed"
    NOT_A_CAMERA = "not_a_camera"
    UNKNOWN_CODEC = "unknown_codec"
    NO_VIDEO = "no_video"
    TOO_MANY_SESSIONS = "too_many_sessions"
    TLS_UNTRUSTED = "tls_untrusted"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    BROKE = "broke"
    BAD_ADDRESS = "bad_address"
    UNSUPPORTED = "unsupported"
    GONE = "gone"
    BUSY = "busy"
    FAILED = "failed"


_WORDS: Mapping[Problem, tuple[str, str]] = MappingProxyType(
    {
        Problem.WRONG_PASSWORD: (
            "用户名或密码不对；请在摄像机网页上核对（ONVIF 用户常常要单独添加）",
            "User or password is wrong; check them on the camera's page (users of ONVIF are often a list of their own)",
        ),
        Problem.WRONG_PATH: (
            "设备有应答，但没有这个地址的视频；请核对地址中主机后面的部分",
            "The device answers and has nothing at this path; check what stands behind the host in the address",
        ),
        Problem.UNKNOWN_HOST: (
            "找不到这个主机名；请核对拼写，或直接写 IP 地址",
            "No such host name; check how it is written, or write the IP address",
        ),
        Problem.NO_ROUTE: (
            "没有到这个地址的路；请核对地址、网线和交换机，确认在同一网段",
            "No way leads to this address; check the address, the cable and whether it is in the same network",
        ),
        Problem.PORT_CLOSED: (
            "主机在线，但这个端口没有服务；请核对端口，并在摄像机里开启 RTSP 或 ONVIF",
            "The host is there and nothing listens on this port; check it, and switch RTSP or ONVIF on in the camera",
        ),
        Problem.TIMED_OUT: (
            "没有应答；设备可能断电、地址不对，或被防火墙挡住",
            "Nothing answers; the device may be off, the address wrong, or a firewall in between",
        ),
        Problem.NOT_ALLOWED: (
            "设置不允许连接这个地址；需要时在 machine.yaml 的 networks.cameras 中加入",
            "The settings do not allow this address; if it is meant, add it to networks.cameras in machine.yaml",
        ),
        Problem.NOT_A_CAMERA: (
            "那里有别的服务应答，不是摄像机",
            "Something else answers there, which is no camera",
        ),
        Problem.UNKNOWN_CODEC: (
            "视频编码无法识别；请在摄像机里改为 H.264 或 H.265",
            "The video is in a format that cannot be read; set the camera to H.264 or H.265",
        ),
        Problem.NO_VIDEO: (
            "能连上，但没有视频；请在摄像机里启用该码流的视频",
            "It can be opened and holds no video; switch the video of this stream on in the camera",
        ),
        Problem.TOO_MANY_SESSIONS: (
            "摄像机的连接数已满；请断开其他观看者或录像机",
            "The camera serves as many viewers as it can; let others go (a recorder, a phone, another program)",
        ),
        Problem.TLS_UNTRUSTED: (
            "设备的加密证书不受信任；请改用不加密的地址，或给设备装上受信任的证书",
            "The certificate of the device is not trusted; use its address without TLS, or give it one that is",
        ),
        Problem.REFUSED: (
            "设备拒绝了请求",
            "The device answers and refuses",
        ),
        Problem.REDIRECTED: (
            "设备要求转到别的地址，没有跟过去；请直接填写那个地址",
            "The device points to another address, which is not followed; write that address if it is meant",
        ),
        Problem.BROKE: (
            "连接中断，或应答不完整",
            "The connection broke, or the answer cannot be read",
        ),
        Problem.BAD_ADDRESS: (
            "这不是摄像机地址；请写成 rtsp://主机/路径、http://主机/路径，或只写主机",
            "This is no address of a camera; write rtsp://host/path, http://host/path, or the host alone",
        ),
        Problem.UNSUPPORTED: (
            "这台摄像机没有这个功能",
            "This camera does not offer that",
        ),
        Problem.GONE: (
            "没有这台摄像机，或它现在没有运行",
            "There is no such camera, or it does not run at the moment",
        ),
        Problem.BUSY: (
            "正忙，请稍后再试",
            "Busy at the moment; try again",
        ),
        Problem.FAILED: (
            "检测程序没有完成；请再试一次",
            "The program that looks at cameras did not finish; try again",
        ),
    }
)


def words(problem: Problem) -> tuple[str, str]:
    """What a person is told: in Chinese and in English."""
    return _WORDS[problem]


class AskingError(HubError):
    """A camera did not give what it was asked for.

    Attributes:
        problem: What is wrong, in one word.
        detail: More of it, for people who know the protocol; never a password.
    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem
        self.detail = detail
