"""Envelopes: questions to ONVIF services as SOAP 1.2, with or without a user's token, and what came back.

The token holds a digest of the password with a nonce and the device's own time, never the password. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from cameras.onvif.answers import Node, parse_xml, xml_of
from cameras.reaching import AskingError, Problem

SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_WSA = "http://www.w3.org/2005/08/addressing"
_XS = "http://www.w3.org/2001/XMLSchema"

_REFUSED = ("NotAuthorized", "FailedAuthentication", "InvalidSecurity", "OperationProhibited")
_UNSUPPORTED = ("ActionNotSupported", "NoSuchService", "OptionalActionNotImplemented")
_MISSING = ("NoProfile", "NoEntity", "NoToken", "NoPTZProfile", "InvalidArgVal")


@dataclass(frozen=True, slots=True)
class Token:
    """A user's token for one question.

    Attributes:
        username: Who asks.
        nonce: Never used before.
        created: The device's time.
        digest: Of these and the password.
    """

    username: str
    nonce: bytes
    created: str
    digest: str

    @classmethod
    def of(cls, username: str, password: str, *, nonce: bytes, created: datetime) -> Token:
        """The token by which a user proves to know the password."""
        stamp = created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{created.microsecond // 1000:03d}Z"
        return cls(username, nonce, stamp, password_digest(nonce, stamp, password))


def password_digest(nonce: bytes, created: str, password: str) -> str:
    """As WS-UsernameToken says: Base64(SHA-1(nonce + created + password))."""
    whole = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(whole, usedforsecurity=False).digest()).decode()


def envelope(
    body: str, *, token: Token | None = None, to: str | None = None, action: str = "", echoed: Sequence[Node] = ()
) -> bytes:
    """A question.

    Args:
        body: XML with its namespaces, texts escaped.
        token: Whose.
        to: Address it is for, where it goes to a subscription; adds addressing.
        action: For addressing.
        echoed: What the subscription wants to be given back.
    """
    head = ""
    if token is not None:
        head += (
            f'<w:Security xmlns:w="{_WSSE}" xmlns:u="{_WSU}" s:mustUnderstand="1"><w:UsernameToken>'
            f"<w:Username>{escape(token.username)}</w:Username>"
            f'<w:Password Type="{_DIGEST}">{token.digest}</w:Password>'
            f'<w:Nonce EncodingType="{_BASE64}">{base64.b64encode(token.nonce).decode()}</w:Nonce>'
            f"<u:Created>{token.created}</u:Created></w:UsernameToken></w:Security>"
        )
    if to is not None:
        head += (
            f'<a:Action xmlns:a="{_WSA}">{escape(action)}</a:Action><a:To xmlns:a="{_WSA}">{escape(to)}</a:To>'
            f'<a:MessageID xmlns:a="{_WSA}">urn:uuid:{uuid.uuid4()}</a:MessageID>' + "".join(map(xml_of, echoed))
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:xs="{_XS}">'
        f"<s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def parse_answer(data: bytes) -> Node:
    """What stands in an answer's body.

    Raises:
        AskingError: The device refused, or it is no answer of an ONVIF service.
    """
    root = parse_xml(data)
    body = root.find("Body")
    if root.name != "Envelope" or body is None or not body.children:
        raise AskingError(Problem.NOT_A_CAMERA, f"no SOAP: {root.name[:60]}")
    inside = body.children[0]
    if inside.name == "Fault":
        raise _fault(inside)
    return inside


def _fault(fault: Node) -> AskingError:
    codes = [node.text.rpartition(":")[2] for node in fault.below("Value")]
    codes += [fault.text_of("faultcode").rpartition(":")[2]]
    reason = fault.text_of("Reason", "Text") or fault.text_of("faultstring")
    detail = " ".join(filter(None, (*codes, reason)))[:200]
    words = (*codes, reason)
    if any(each in word for word in words for each in _REFUSED) or "not authorized" in reason.lower():
        return AskingError(Problem.WRONG_PASSWORD, detail)
    if any(each in codes for each in _UNSUPPORTED):
        return AskingError(Problem.UNSUPPORTED, detail)
    if any(each in codes for each in _MISSING):
        return AskingError(Problem.WRONG_PATH, detail)
    return AskingError(Problem.REFUSED, detail)
