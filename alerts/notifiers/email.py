"""Notifier `email`: a mail over SMTP, as plain text and as HTML.

    notifiers:
      - {id: mail, kind: email, people: true, options: {host: smtp.example.org, username: hub, sender: hub@example.org},
         secret: "env:SMTP_PASSWORD"}
      - {id: office, kind: email, options: {host: ..., sender: ..., to: [office@example.org]}, secret: ...}

With `people: true` it goes to the address of the person, else to `to`. `Message-ID` is made of incident, number and
address, the same at every attempt, and mails of one incident refer to its first, so that they stand as one thread.
Without TLS nothing is sent but to the machine itself. A mailbox that does not exist is refused at once; a server that
is busy is tried again.
"""

from __future__ import annotations

import hashlib
import html
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from alerts.notices.notice import Delivered, Notice, Outcome, Refused, Services, Traits, TryLater
from config.says import says
from config.secrets import Secret
from hub.networks import Allowed, NotAllowedNetworkError, connect
from hub.plugins import Options, Plugin

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_FIRST_PERMANENT = 500
_LOGIN_FAILED = frozenset({530, 534, 535})
"""Said of the account, not of the mail: a corrected password may change it."""
_COLOURS = {"red": "#b3261e", "orange": "#c25b00", "yellow": "#8a6d00", "blue": "#1f5fa8", "green": "#2e6b34"}

_ADDRESS = re.compile(r"^[^@\s<>,;:\"]{1,64}@[A-Za-z0-9.-]{1,189}$")
MailAddress = Annotated[str, Field(pattern=_ADDRESS.pattern, max_length=254)]


class EmailOptions(Options):
    """Over which server, from whom, and to whom."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """None is 587, 465 or 25, as `security` needs it."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only for a server on this machine."""
    username: str | None = None
    """Its password is the notifier's `secret`."""
    sender: MailAddress
    to: tuple[MailAddress, ...] = ()
    list_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,200}$")] = "notices.community-hub"
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """For connecting and for each answer."""
    ca_file: str | None = None
    """Certificates to trust; None takes the system's."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and self.host not in _HERE:
            raise ValueError(
                says(
                    "security: none sends everything readable; write starttls or tls",
                    "security: none 会明文发送；请写 starttls 或 tls",
                )
            )
        return self


class Email:
    """One server."""

    def __init__(self, options: EmailOptions, secret: Secret | None, services: Services) -> None:
        self._allowed = services.allowed
        self._options = options
        self._secret = secret
        self._port = options.port or _PORTS[options.security]
        self._tls = None if options.security == "none" else ssl.create_default_context(cafile=options.ca_file)
        self.traits = Traits(addressed=not options.to)

    def send(self, notice: Notice) -> Outcome:
        """Send it; what the server's answer means for another attempt is decided here."""
        to = (notice.address,) if notice.address is not None else self._options.to
        if not to or not all(_ADDRESS.fullmatch(each) for each in to):
            return Refused("it has no address that can be written to")
        try:
            return self._sent(self._message(notice, to), to)
        except smtplib.SMTPRecipientsRefused as error:
            return _answer(*next(iter(error.recipients.values())))
        except smtplib.SMTPResponseException as error:
            return _answer(error.smtp_code, error.smtp_error)
        except (
            OSError,
            smtplib.SMTPException,
            NotAllowedNetworkError,
            ValueError,
        ) as error:  # ValueError: a secret that cannot be read
            return TryLater(str(error) or type(error).__name__)

    def _sent(self, message: EmailMessage, to: tuple[str, ...]) -> Outcome:
        options = self._options
        immediate = self._tls if options.security == "tls" else None
        server = _Server(options.host, self._port, self._allowed, timeout_s=options.timeout_s, tls=immediate)
        try:
            if options.security == "starttls":
                server.starttls(context=self._tls)
            if options.username is not None:
                server.login(options.username, self._secret.reveal() if self._secret else "")
            refused = server.send_message(message, options.sender, list(to))
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        if refused:
            return _answer(*next(iter(refused.values())))
        return Delivered()

    def _message(self, notice: Notice, to: tuple[str, ...]) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(notice.title.split())
        message["From"] = self._options.sender
        message["To"] = ", ".join(to)
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = self._id(notice, notice.number, to)
        if notice.earlier:
            first = self._id(notice, notice.earlier[0].number, to)
            message["In-Reply-To"] = first
            message["References"] = first
        message["List-Id"] = f"<{self._options.list_id}>"
        message["Auto-Submitted"] = "auto-generated"
        if notice.incident["level"] == "red":
            message["Importance"] = "high"
        message.set_content(notice.text + "\n")
        message.add_alternative(_html(notice), subtype="html")
        return message

    def _id(self, notice: Notice, number: int, to: tuple[str, ...]) -> str:
        told = hashlib.sha256("\n".join(to).encode()).hexdigest()[:12]
        return f"<{notice.incident['id']}.{number}.{told}@{self._options.sender.partition('@')[2]}>"


class _Server(smtplib.SMTP):
    """A mail server, reached at an address that may be connected to."""

    def __init__(self, host: str, port: int, allowed: Allowed, *, timeout_s: float, tls: ssl.SSLContext | None) -> None:
        self._allowed = allowed
        self._tls = tls
        super().__init__(host, port, timeout=timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = connect(host, port, self._allowed, timeout_s=timeout)
        return connected if self._tls is None else self._tls.wrap_socket(connected, server_hostname=host)


def _html(notice: Notice) -> str:
    colour = _COLOURS.get(str(notice.incident["level"]), "#444444")
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in notice.text.splitlines() if line.strip())
    language = {"en": "en"}.get(notice.language, "zh-CN")
    return (
        f'<!DOCTYPE html><html lang="{language}"><body style="font-family:sans-serif">'
        f'<h2 style="border-left:6px solid {colour};padding-left:8px">{html.escape(notice.title)}</h2>{lines}'
        "</body></html>"
    )


def _answer(code: int, words: bytes | str) -> Outcome:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    reason = f"answered {code} {said.splitlines()[0][:200] if said else ''}".rstrip()
    return Refused(reason) if code >= _FIRST_PERMANENT and code not in _LOGIN_FAILED else TryLater(reason)


PLUGIN = Plugin(
    kind="email",
    options=EmailOptions,
    build=Email,
    summary="A mail over SMTP with TLS, plain and HTML.",
)
