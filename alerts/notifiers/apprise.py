"""Notifier `apprise`: WeCom, DingTalk, Feishu, ServerChan, SMS gateways and the rest of what the library Apprise knows.

    notifiers:
      - {id: patrol, kind: apprise, secret: "env:PATROL_URL"}
      - {id: phones, kind: apprise, people: true, secret: "schan://{address}/", options: {most_text: 500}}

The address (`wecombot://key`, `dingtalk://token`, `feishu://token`, ...) holds keys, so it is the notifier's `secret`.
With `people: true`, `{address}` in it is replaced by the person's, percent-encoded, so that it stays one part of the
address. Apprise is not installed with the hub (14 MB): `pip install community-hub[chat]`. It answers yes or no and not
why, so every no is tried again.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from alerts.notices.notice import Delivered, Notice, Outcome, Refused, Services, Traits, TryLater
from config.says import says
from config.secrets import Secret
from hub.networks import connections_only_to
from hub.plugins import Options, Plugin

_ADDRESS = "{address}"
_KINDS = {"red": "failure", "orange": "warning", "yellow": "warning"}
"""How Apprise calls what it paints in a colour."""


class AppriseOptions(Options):
    """How long a text may be, and whether it may come twice."""

    most_text: Annotated[int, Field(ge=20, le=4000)] = 1000
    once: bool = False
    """Marked before it is sent and never sent again when nobody knows whether it arrived: for text messages."""
    dedupe_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """The same of the same place is not told again within it."""
    title: bool = True
    """Whether the title is sent too; text messages have none."""

    @model_validator(mode="after")
    def _installed(self) -> Self:
        if importlib.util.find_spec("apprise") is None:
            raise ValueError(
                says(
                    "Apprise is not installed; run: pip install community-hub[chat]",
                    "没有安装 Apprise；请运行：pip install community-hub[chat]",
                )
            )
        return self


class AppriseChannel:
    """One address, or one for each person."""

    def __init__(self, options: AppriseOptions, secret: Secret | None, services: Services) -> None:
        """Take the address.

        Raises:
            ValueError: There is none, or Apprise does not know it.
        """
        if secret is None:
            raise ValueError(
                says("the address of an Apprise channel is its `secret`", "Apprise 渠道的地址写在 `secret` 里")
            )
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses, and those hold keys
        self._options = options
        self._secret = secret
        self._allowed = services.allowed
        self.traits = Traits(
            once=options.once,
            dedupe_s=options.dedupe_s,
            most_text=options.most_text,
            give_up_after_s=600.0 if options.once else Traits().give_up_after_s,
            addressed=_ADDRESS in secret.reveal(),
        )

    def send(self, notice: Notice) -> Outcome:
        """Send it; Apprise says only whether it went."""
        import apprise  # noqa: PLC0415 - loads some hundred files, only where it is used

        url = self._secret.reveal()
        if _ADDRESS in url:
            if notice.address is None:
                return Refused("it has no address")
            url = url.replace(_ADDRESS, quote(notice.address, safe=""))
        asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
        channel = apprise.Apprise(asset=asset)
        if not channel.add(url):
            return Refused("Apprise does not know such an address")
        title = notice.title if self._options.title else ""
        kind = _KINDS.get(str(notice.incident["level"]), "info")
        body = notice.text or notice.title
        # Apprise connects in ways of its own, so each connection of this thread is looked at as it is made.
        with connections_only_to(self._allowed) as refused:
            sent = channel.notify(body=body, title=title, notify_type=kind, interpret_escapes=False)
        if not sent and refused:
            return TryLater(refused[0])
        return Delivered() if sent else TryLater("Apprise could not send it")


PLUGIN = Plugin(
    kind="apprise",
    options=AppriseOptions,
    build=AppriseChannel,
    summary="WeCom, DingTalk, Feishu, ServerChan and all else that Apprise knows.",
)
