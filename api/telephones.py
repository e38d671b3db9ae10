"""Telephones: which numbers belong to an incident, and who of those who may see it sees which.

Numbers of people leave the hub by this way alone, besides what somebody reads of himself and what settings say to who
edits them: to who handles the incident, and to who is sent there until that is over. Whoever else sees the incident is
given the numbers of the Community, which anybody here may call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alerts.dispatch.units import units_for
from alerts.incidents.views import IncidentView
from alerts.store.orders import LIVE
from api.access.sight import seen, sight_of
from api.parts import Parts
from api.schemas.places import Text
from api.schemas.telephones import CallView, PhoneView, Why
from config.community import Community, Contact
from config.phones import Phone
from hub.access import Permission, Principal, allows


def numbers(phones: Sequence[Phone]) -> list[PhoneView]:
    """Numbers of the settings, as they are shown."""
    return [PhoneView(name=Text(zh=each.name.zh, en=each.name.en), number=each.number) for each in phones]


def settled(community: Community, account: str) -> str | None:
    """The number of a person as the settings say."""
    return next((each.phone for each in community.contacts if each.account == account), None)


def phone_of(here: Parts, account: str) -> str | None:
    """The number of a person: his own choice, else as the settings say."""
    return here.delivery.contact(account).phone or settled(here.revisions.current(), account)


def with_phone(community: Community, account: str, phone: str | None) -> Community:
    """The settings with another number of a person, or none; a contact that says nothing else goes with it."""
    contacts = list(community.contacts)
    place = next((number for number, each in enumerate(contacts) if each.account == account), None)
    if place is None:
        contacts += [] if phone is None else [Contact(account=account, phone=phone)]
    else:
        changed = contacts[place].model_copy(update={"phone": phone})
        contacts[place : place + 1] = [] if changed == Contact(account=changed.account) else [changed]
    return community.model_copy(update={"contacts": tuple(contacts)})


def calls_of(here: Parts, who: Principal, incident_id: str) -> list[CallView]:
    """Whom somebody may call about an incident, who is nearest to it first.

    Raises:
        NotFoundError: There is none, or he has nothing to do there.
    """
    found = seen(here, who, incident_id, to_work=True)
    community = here.revisions.current()
    rest = [_of_place("community", each) for each in community.phones]
    orders = [each for each in here.desk.dispatching.orders(found.id) if each.state in LIVE]
    sent = list(dict.fromkeys(each.unit for each in orders))
    room = allows(who, Permission.HANDLE_INCIDENTS)
    if not room and who.name not in sent:
        return rest
    places = _sites_of(here, who, found)
    of_places = [_of_place("site", each) for site in community.sites if site.id in places for each in site.phones]
    named = {contact.account for contact in community.contacts if places & set(contact.sites)}
    lives = named.union(*(here.households.residents().get(place, frozenset()) for place in places))
    people: list[tuple[Why, Sequence[str]]] = [("sent", sent)]
    if room:
        duty = _on_duty(here, found)
        people += [("on_duty", duty[False]), ("on_call", duty[True])]
        people += [("reporter", [found.reporter] if found.reporter else [])]
    people.append(("lives_there", sorted(lives)))
    return [*of_places, *_of_people(here, who, people), *rest]


def _sites_of(here: Parts, who: Principal, found: IncidentView) -> frozenset[str]:
    """Where it is: its own site, and those of its alerts that he sees."""
    alerts = sight_of(here, who).alerts_of(found)
    return frozenset(site for site in (found.site, *(each.site for each in alerts)) if site is not None)


def _on_duty(here: Parts, found: IncidentView) -> Mapping[bool, Sequence[str]]:
    """Who answers for its place now, from its own level up to the town, by whether he is on call only."""
    desk = here.desk
    units = units_for(
        found,
        here.clock.now(),
        database=desk.database,
        grid=desk.grid(),
        places=desk.territory.places(),
        positions=desk.positions,
    )
    return {standby: [each.account for each in units if each.standby is standby] for standby in (False, True)}


def _of_place(why: Why, phone: Phone) -> CallView:
    return CallView(why=why, name=Text(zh=phone.name.zh, en=phone.name.en), number=phone.number)


def _of_people(here: Parts, who: Principal, people: Sequence[tuple[Why, Sequence[str]]]) -> Iterator[CallView]:
    """Each person once, for the first reason there is; without who asks and whose number nobody knows."""
    told = {who.name}
    for why, accounts in people:
        for account in accounts:
            number = None if account in told else phone_of(here, account)
            told.add(account)
            if number is not None:
                yield CallView(why=why, account=account, number=number)
