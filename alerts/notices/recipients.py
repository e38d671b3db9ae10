"""Recipients: who is told of a move, over which channel, in which language, and who is not and why. Pure.

Two sorts are told: notifiers, each with its filters, and people, of what is theirs: who answers for the place at the
level that an incident has reached, who is sent, and who reported it. The same function decides for the outbox and for
the dry run, so that a dry run never says another thing than what will happen. Only the deduplication needs the store
and is left to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from alerts.dispatch.grid import Grid
from alerts.incidents.incident import ENGINE, Display, done
from alerts.incidents.views import JournalEntry
from alerts.language.kinds import family
from alerts.language.places import Places, called, places_of
from alerts.notices.notice import Language, Traits
from alerts.notices.wording import Group, Move, Said, Wording, cut, shipped_wording
from config.community import Community, Contact, ContactChannel, Level
from config.community import Notifier as Recipient
from config.hours import HoursSpec
from hub.calendar import Window
from hub.store.facts import to_us

TOLD_WHILE_HIDDEN = ("returned", done("close"))
"""Moves of the engine that are told of a hidden incident too: it may have been told of before it was hidden."""
_GROUPS: tuple[Group, ...] = ("unit", "warden", "sent", "reporter")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one recipient is told of one move over one channel.

    Attributes:
        recipient: Notifier id.
        account: The person; None when the notifier itself is told.
        address: The person's own.
        language: In which.
        title, text: What is said; empty when it is not told.
        key: What must not be repeated within the channel's time for that.
        told: Whether.
        why: In what capacity it is told, or why it is not.
    """

    recipient: str
    account: str | None
    address: str | None
    language: Language
    told: bool
    why: str
    title: str = ""
    text: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything that decides who is told, as it is now.

    Attributes:
        notifiers: Those that work.
        traits: What the channel of each is like.
        contacts: How people are told, by account.
        places, grid: Of the community.
        wording: What is said.
        homes: Accounts of the people who live at each site.
    """

    notifiers: tuple[Recipient, ...]
    traits: Mapping[str, Traits]
    contacts: Mapping[str, Contact]
    places: Places
    grid: Grid
    wording: Wording = field(default_factory=shipped_wording)
    homes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def with_preferences(self, chosen: Mapping[str, Contact]) -> Telling:
        """The same with what people chose themselves."""
        contacts = MappingProxyType({**self.contacts, **chosen})
        return replace(self, contacts=contacts)

    def where(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the place of an incident is called, and where on the ground it is, as JSON types."""
        site, area = body.get("site"), body.get("area")
        known = self.places.sites.get(site) if site else self.places.areas.get(area) if area else None
        near = self.places.nearness
        devices = [body.get("camera"), *(alert.get("sensor") for alert in body.get("alerts") or ())]
        spots = [near.devices[device] for device in devices if device in near.devices]
        position = spots[0] if spots else near.sites.get(site or "")
        return {
            "place": {language: called(known, site or area or "", language) for language in ("zh", "en")},
            "position": None if position is None else list(position),
        }

    def people(self, move: Move, sent: Sequence[str]) -> dict[str, Group]:
        """Whose this incident is: the capacity in which each account is told of the move, the first one counting.

        Args:
            move: What happened.
            sent: Who is on his way there, or there.
        """
        found: dict[str, Group] = {}
        for group in _GROUPS:
            if self.wording.template(move.name, Level(move.body["level"]), group) is None:
                continue
            for account in self._accounts(group, move, sent):
                if account != move.who:  # nobody has to be told what he did himself
                    found.setdefault(account, group)
        return found

    def _accounts(self, group: Group, move: Move, sent: Sequence[str]) -> Iterator[str]:
        body = move.body
        if group == "unit":
            if body.get("unit"):  # only moves that are about an order say whose it is
                yield str(body["unit"])
        elif group == "sent":
            yield from sent
        elif group == "reporter":
            if body.get("reporter"):
                yield str(body["reporter"])
        else:
            answering = self.grid.answering(body.get("area"), move.at, from_level=int(body.get("escalated", 0)))
            if answering is not None:
                yield from answering.accounts

    def decide(self, move: Move, sent: Sequence[str] = (), *, barred: Collection[str] = ()) -> list[Decision]:
        """Who is told of a move and who is not, notifiers first.

        Args:
            move: What happened.
            sent: Who is on his way there, or there.
            barred: Accounts that were disabled.
        """
        hidden = _hidden(move)
        decisions = [
            self._of_notifier(notifier, move, hidden=hidden) for notifier in self.notifiers if not notifier.people
        ]
        return decisions + self._of_people(self.people(move, sent), move, barred, hidden=hidden)

    def decide_household(self, move: Move, *, barred: Collection[str] = ()) -> list[Decision]:
        """Who of a home is told that what guards lives there is out of service, or in service again, or who looks."""
        known = self.homes.get(str(move.body.get("site")), ())
        people: dict[str, Group] = dict.fromkeys((*known, *move.body.get("people", ())), "household")
        people.pop(move.who, None)  # nobody has to be told what he did himself
        return self._of_people(people, move, barred, hidden="")

    def _of_people(
        self, people: Mapping[str, Group], move: Move, barred: Collection[str], *, hidden: str
    ) -> list[Decision]:
        decisions: list[Decision] = []
        ways = {notifier.id: notifier for notifier in self.notifiers if notifier.people}
        for account, group in people.items():
            contact = self.contacts.get(account)
            if account in barred:
                decisions.append(Decision("", account, None, "zh", told=False, why="the account is disabled"))
                continue
            if contact is None or not contact.channels:
                decisions.append(Decision("", account, None, "zh", told=False, why="has no channel"))
                continue
            for channel in contact.channels:
                way = ways.get(channel.via)
                decisions.append(self._of_person(contact, channel, way, move=move, group=group, hidden=hidden))
        return decisions

    def _of_notifier(self, notifier: Recipient, move: Move, *, hidden: str) -> Decision:
        traits = self.traits[notifier.id]
        level = Level(move.body["level"])
        template = self.wording.template(move.name, level, traits.audience)
        why_not = hidden or self._filtered(notifier, traits, move, worded=template is not None)
        if why_not:
            return Decision(notifier.id, None, None, notifier.language, told=False, why=why_not)
        said = self.wording.say(
            template, move, self.places, language=notifier.language, aloud=traits.audience == "speakers"
        )
        return _told(
            notifier.id, None, None, notifier.language, said=said, move=move, most=traits.most_text, why="notifier"
        )

    def _filtered(self, notifier: Recipient, traits: Traits, move: Move, *, worded: bool) -> str:
        """Why a notifier is not told; empty when it is."""
        return next(self._against(notifier, traits, move, worded=worded), "")

    def _against(self, notifier: Recipient, traits: Traits, move: Move, *, worded: bool) -> Iterator[str]:
        body, level = move.body, Level(move.body["level"])
        moves = frozenset(notifier.moves) or traits.moves
        if move.name not in moves if moves is not None else not (traits.every_move or worded):
            yield f"not told of what is {move.name}"
        if level.rank < notifier.at_least.rank:
            yield f"{level.value} is below {notifier.at_least.value}"
        if notifier.areas and not set(notifier.areas) & set(self.places.way_up(body.get("area"))):
            yield "not in its areas"
        kind = str(body.get("kind", ""))
        if notifier.kinds and kind not in notifier.kinds and family(kind) not in notifier.kinds:
            yield "not of its kinds"
        if notifier.hours and not self._holds(notifier.hours, move):
            yield "outside its hours"
        if notifier.quiet and level is not Level.CRITICAL and self._holds(notifier.quiet, move):
            yield "quiet hours"

    def _of_person(
        self,
        contact: Contact,
        channel: ContactChannel,
        way: Recipient | None,
        *,
        move: Move,
        group: Group,
        hidden: str,
    ) -> Decision:
        level = Level(move.body["level"])
        why_not = hidden
        if way is None or way.id not in self.traits:
            why_not = f"there is no notifier {channel.via} for people"
        elif level.rank < max(contact.at_least.rank, way.at_least.rank):
            why_not = why_not or f"{level.value} is below {contact.at_least.value}"
        elif level is not Level.CRITICAL and contact.hours and not self._holds(contact.hours, move):
            why_not = why_not or "outside his hours"
        if why_not or way is None:
            return Decision(channel.via, contact.account, None, contact.language, told=False, why=why_not)
        template = self.wording.template(move.name, level, group)
        said = self.wording.say(template, move, self.places, language=contact.language)
        most = self.traits[way.id].most_text
        return _told(
            way.id, contact.account, channel.address, contact.language, said=said, move=move, most=most, why=group
        )

    def _holds(self, hours: tuple[HoursSpec, ...], move: Move) -> bool:
        """Whether it is the time; a calendar that nobody wrote down keeps nothing from being told."""
        return Window(hours, self.places.almanac).holds(to_us(move.at)) is not False


def telling_of(community: Community, traits: Mapping[str, Traits]) -> Telling:
    """What decides in a Community, for the notifiers whose traits are known."""
    places = places_of(community)
    return Telling(
        notifiers=tuple(notifier for notifier in community.notifiers if notifier.id in traits),
        traits=MappingProxyType(dict(traits)),
        contacts=MappingProxyType({contact.account: contact for contact in community.contacts}),
        places=places,
        grid=Grid(places, community.duties),
        homes=_homes(community),
    )


def household_move(entry: JournalEntry, places: Places) -> Move:
    """What the people of a home are told, in the form of a move of an incident."""
    device = str(entry.body.get("device") or "")
    name = {language: places.device(device, language) for language in ("zh", "en")}
    body = {
        "id": entry.body["id"], "number": 0, "kind": "device.service", "name": name, "text": name,
        "level": Level.WARNING.value, "handling": "new", "verdict": "none", "active": entry.move != "in_service",
        "muted": False, "display": Display.SHOWN.value, "site": entry.subject, "camera": None, "escalated": 0,
        "area": places.area_of_site.get(entry.subject), "reporter": None, "alerts": [],
        "until": entry.body.get("until"),
    }  # fmt: skip
    return Move(entry.move, entry.at, entry.who, entry.note, body)


def glass_move(entry: JournalEntry, places: Places) -> Move:
    """What the people of a home are told of who sees their camera against their consent, at any hour."""
    move = household_move(entry, places)
    body = {
        **move.body,
        "kind": "household.glass",
        "key": f"household.glass|{entry.body['id']}",
        "level": Level.CRITICAL.value,
        "camera": entry.body.get("device"),
        "people": list(entry.body.get("people", ())),
    }
    return replace(move, body=body)


def _homes(community: Community) -> Mapping[str, tuple[str, ...]]:
    homes: dict[str, list[str]] = {}
    for contact in community.contacts:
        for site in contact.sites:
            homes.setdefault(site, []).append(contact.account)
    return MappingProxyType({site: tuple(accounts) for site, accounts in homes.items()})


def _hidden(move: Move) -> str:
    """Why the hub says nothing of it by itself; what people do with it is told all the same."""
    display = str(move.body.get("display", Display.SHOWN.value))
    muted = display != Display.SHOWN.value or bool(move.body.get("muted"))
    if muted and move.who == ENGINE and move.name not in TOLD_WHILE_HIDDEN:
        return f"hidden: {Display.MUTED.value if display == Display.SHOWN.value else display}"
    return ""


def _told(
    recipient: str,
    account: str | None,
    address: str | None,
    language: Language,
    *,
    said: Said,
    move: Move,
    most: int,
    why: str,
) -> Decision:
    body = move.body
    place = body.get("site") or body.get("area") or "-"
    key = f"{body.get('key') or body.get('kind')}|{place}|{move.name}|{body['level']}"
    return Decision(
        recipient, account, address, language, told=True, why=why,
        title=cut(said.title, most), text=cut(said.text, most), key=key,
    )  # fmt: skip
