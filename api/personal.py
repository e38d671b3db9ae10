"""Personal: everything that is stored about one person, for that person; and taking it out.

What is known is read at the moment it is asked for and kept nowhere. Erasing happens in this order, so that whatever
fails leaves the person able to ask again: what cameras of the home recorded is asked to go, decisions end in the
strictest one, shares end, settings name the person no more, and last the account closes and names become a pseudonym.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.access.own_home import own_homes
from api.parts import Parts
from api.routes.home import shares_of
from api.schemas.home import ErasedView
from api.schemas.places import Text
from config.analysing import Analyse
from config.community import Camera, Community, Ring
from hub.access import Principal, Role
from hub.consent import Consent, Watch
from hub.errors import ConflictError, NotAllowedError
from hub.events import time_to_text
from hub.store.audit import Stored, Wanted
from hub.store.people.erasing import erase_account, mentions_of, pseudonym_of, stored_of

logger = logging.getLogger(__name__)

CONFIRM_S = 600
MOST_AUDIT = 20_000
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_SECRET = frozenset({"password_hash", "digest", "secret", "recovery"})


def everything_about(here: Parts, who: Principal) -> dict[str, Any]:
    """All that is stored about somebody, as JSON types."""
    account = here.accounts.get(who.id)
    assert account is not None
    community = here.revisions.current()
    cameras = own_cameras(here, who)
    with here.households.database.read() as connection:
        rows = dict(stored_of(connection, who.id, who.name))
    contact = next((each for each in community.contacts if each.account == who.name), None)
    return {
        "made": time_to_text(here.clock.now()),
        "account": {
            "id": account.id,
            "username": account.username,
            "role": account.role,
            "created": time_to_text(account.created),
        },
        "homes": [site.id for site in own_homes(here, who)],
        "contact": None if contact is None else contact.model_dump(mode="json"),
        "how_you_are_told": here.delivery.contact(who.name).model_dump(mode="json"),
        "duties": [each.model_dump(mode="json") for each in community.duties if who.name in each.model_dump_json()],
        "position": _position(here, who),
        "consents": [_consent(each) for each in here.households.consents.by(who.id)],
        "shares": [
            {
                "camera": each.camera,
                "username": each.name,
                "from": time_to_text(each.at),
                "until": time_to_text(each.until),
                "recordings": each.recordings,
                "ended": None if each.ended is None else time_to_text(each.ended),
            }
            for each in shares_of(here).by(who.id)
        ],
        "stored": {
            table: [{name: _plain(value) for name, value in row.items() if name not in _SECRET} for row in found]
            for table, found in rows.items()
        },
        "watched_at_my_home": [
            _entry(each) for camera in cameras for each in _audit(here, Wanted(camera=camera.id, sites=[camera.site]))
        ],
        "done_by_me": [_entry(each) for each in _audit(here, Wanted(account=who.id))],
        "recordings": [_recorded(here, camera) for camera in cameras],
    }


def own_cameras(here: Parts, who: Principal, *, alone: bool = False) -> list[Camera]:
    """The cameras of somebody's households; `alone` of those where nobody else lives."""
    residents = here.households.residents()
    homes = {
        site.id
        for site in own_homes(here, who)
        if site.ring is Ring.HOUSEHOLD and not (alone and residents.get(site.id, frozenset()) - {who.name})
    }
    return [camera for camera in here.revisions.current().cameras if camera.site in homes]


def confirmation(here: Parts, who: Principal, *, at: datetime | None = None) -> str:
    """What the second step of erasing has to show: it is good for ten minutes and for this person."""
    ends = round(((at or here.clock.now()) + timedelta(seconds=CONFIRM_S)).timestamp())
    return f"{ends}.{_signed(here, who, ends)}"


def is_confirmed(here: Parts, who: Principal, shown: str) -> bool:
    """Whether this is from a first step that is not long ago."""
    ends, _, signed = shown.partition(".")
    if not ends.isascii() or not ends.isdigit() or len(ends) > 12:  # noqa: PLR2004 - seconds since 1970
        return False
    return hmac.compare_digest(signed, _signed(here, who, int(ends))) and int(ends) >= here.clock.now().timestamp()


def check_may_erase(here: Parts, who: Principal) -> None:
    """Refuse who cannot be erased.

    Raises:
        NotAllowedError: He is the last administrator.
    """
    others = [each for each in here.accounts.list() if each.role == Role.ADMINISTRATOR and not each.disabled]
    if who.role == Role.ADMINISTRATOR and [each.id for each in others] == [who.id]:
        raise NotAllowedError("this is the last administrator; make another one first")


def goes(here: Parts, who: Principal) -> list[ErasedView]:
    """What erasing somebody takes away."""
    found = [
        _said("账号、登录、密钥、授权", "Your account, sign-ins, keys and grants"),
        _said("位置、通知偏好和联系方式", "Your position, how you are told, and your contacts"),
        _said("上报中的联系方式和代报人信息", "Contact details in your reports"),
        _said("您的共享，以及别人给您的共享", "What you share, and what others share with you"),
        _said(
            "上报、事件、积分、派单记录中的姓名，改为代号",
            "Your name in reports, incidents, points and orders: a pseudonym takes its place",
        ),
    ]
    names = [camera.id for camera in own_cameras(here, who, alone=True)]
    if names:
        listed = ", ".join(names)
        found.append(
            _said(
                f"摄像头 {listed} 的全部录像；此后不分析、不录像、值守室不能看，直到新住户决定",
                f"Everything that {listed} recorded; from then on it is not analysed, recorded or watched until "
                "somebody who lives there decides",
            )
        )
    return found


def stays(here: Parts, who: Principal) -> list[ErasedView]:
    """What erasing somebody leaves, and why."""
    found = [
        ErasedView(
            what=Text(zh="审计记录中的账号名", en="Your account name in the audit log"),
            why=Text(
                zh="谁看过、改过什么必须可查，且每条记录与之前的全部记录相连，改动即失效",
                en="Who saw and changed what has to stay provable, and each entry is bound to all before it",
            ),
        ),
        ErasedView(
            what=Text(zh="您上报的文字和照片", en="The text and pictures of your reports"),
            why=Text(zh="属于事件记录，不再带您的姓名", en="They belong to the incidents, without your name"),
        ),
        ErasedView(
            what=Text(zh="旧版配置中的联系人", en="Contacts in earlier versions of the settings"),
            why=Text(zh="用于恢复配置；当前配置中已删除", en="They are kept to go back to; the newest has none"),
        ),
    ]
    shared = {camera.site for camera in own_cameras(here, who)} - {
        camera.site for camera in own_cameras(here, who, alone=True)
    }
    if shared:
        found.append(
            ErasedView(
                what=Text(
                    zh=f"{'、'.join(sorted(shared))} 的录像和决定", en=f"Recordings and decisions of {sorted(shared)}"
                ),
                why=Text(zh="那里还有其他住户", en="Others live there too"),
            )
        )
    if own_cameras(here, who, alone=True):
        found.append(
            ErasedView(
                what=Text(zh="已固定为事件证据的片段", en="Clips that are evidence of an incident"),
                why=Text(zh="主管按名释放后才删除", en="They go when a supervisor releases them by name"),
            )
        )
    return found


def erase(here: Parts, who: Principal) -> list[ErasedView]:
    """Take somebody out; gives what stayed besides, and why.

    Raises:
        NotAllowedError: He is the last administrator.
    """
    check_may_erase(here, who)
    refused: list[ErasedView] = []
    now = here.clock.now()
    other = pseudonym_of(who.id)
    alone = own_cameras(here, who, alone=True)
    for camera in alone:
        try:
            here.evidence.deletions.ask(
                replace(who, name=other), camera, _FIRST, now, reason="its resident was erased", sites=(camera.site,)
            )
        except NotAllowedError as error:
            what = Text(zh=f"{camera.id} 的部分录像", en=f"Some recordings of {camera.id}")
            refused.append(ErasedView(what=what, why=Text(zh=f"尚有未了事件需要：{error}", en=str(error))))
        shut = Consent(camera.id, camera.site, Analyse.NOTHING, Watch.NEVER, 0, account=who.id, author=other)
        here.households.decide(shut)
    shares_of(here).end_all_of(who.id, by=other)
    here.desk.positions.forget(who.name)
    there = here.revisions.current()
    named = [each.account for each in there.contacts] + [each.account for each in there.duties]
    if any(each.casefold() == who.name for each in named):
        here.revisions.change(
            lambda there: _without_person(there, who.name), author=other, reason="a person was erased"
        )
    database = here.households.database
    with database.read() as connection:
        mentions = mentions_of(connection, who.name)
    touched = database.write(
        lambda connection: erase_account(connection, who.id, who.name, now, mentions=mentions),
        after_commit=lambda _touched: here.people.grants.forget(who.id),
    )
    here.households.refresh()
    here.delivery.apply(here.revisions.current())
    logger.info("a person was erased", extra={"rows": sum(touched.values())})
    return refused


def _without_person(there: Community, name: str) -> Community:
    contacts = tuple(each for each in there.contacts if each.account.casefold() != name)
    duties = tuple(each for each in there.duties if each.account.casefold() != name)
    if len(contacts) == len(there.contacts) and len(duties) == len(there.duties):
        raise ConflictError("that person is gone already")
    return there.model_copy(update={"contacts": contacts, "duties": duties})


def _signed(here: Parts, who: Principal, ends: int) -> str:
    return hmac.digest(here.desk.key, f"erase 1|{who.id}|{ends}".encode(), "sha256").hex()[:32]


def _audit(here: Parts, wanted: Wanted) -> list[Stored]:
    found: list[Stored] = []
    before = None
    while len(found) < MOST_AUDIT:
        page = here.audit.log.entries(wanted, before=before, limit=500)
        found += page
        if len(page) < 500:  # noqa: PLR2004 - as was asked for
            break
        before = page[-1].number
    return found


def _entry(each: Stored) -> dict[str, Any]:
    return {
        "number": each.number,
        "at": time_to_text(each.at),
        "actor": each.actor,
        "role": each.role,
        "action": each.action,
        "outcome": each.outcome,
        "kind": each.kind,
        "id": each.id,
        "camera": each.camera,
        "site": each.site,
        "more": dict(each.more),
    }


def _consent(each: Consent) -> dict[str, Any]:
    return {
        "camera": each.camera,
        "site": each.site,
        "version": each.version,
        "at": None if each.at is None else time_to_text(each.at),
        "analyse": each.analyse.value,
        "watch": each.watch.value,
        "keep_days": each.keep_days,
    }


def _recorded(here: Parts, camera: Camera) -> dict[str, Any]:
    """What there is of a camera of the own home, in spans; the pictures themselves are at its clips."""
    now = here.clock.now()
    spans = []
    for site, recorded, stream in here.playback.catalog.streams():
        if (site, recorded) == (camera.site, camera.id):
            line = here.playback.catalog.ranges(
                camera.id, stream, _FIRST, now, resolution_s=3600.0, sites=frozenset((site,))
            )
            spans += [
                {"stream": stream.value, "from": time_to_text(each.start), "to": time_to_text(each.end)}
                for each in line.ranges
            ]
    return {"camera": camera.id, "spans": spans, "download": f"/api/v1/cameras/{camera.id}/clip.mp4?from=&to="}


def _position(here: Parts, who: Principal) -> dict[str, Any] | None:
    spot = here.desk.positions.of(who.name)
    return None if spot is None else {"lat": spot.position[0], "lon": spot.position[1]}


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _said(zh: str, en: str) -> ErasedView:
    return ErasedView(what=Text(zh=zh, en=en))
