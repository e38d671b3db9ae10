"""A village on the ground: four levels of the grid, houses with positions, people who answer for them."""

from __future__ import annotations

from pwdlib.hashers.argon2 import Argon2Hasher

from config.community import Community
from config.grid import Duty
from hub.access import Role
from hub.clock import Clock
from hub.store.database import Database
from hub.store.people.accounts import Accounts
from hub.store.people.passwords import Passwords
from tests.fakes.people import CHEN, LI, LIN, WANG, ZHAO, person

CHEAP = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
QIAN = person("qian", Role.RESPONDER)
"""Answers for the block above the group of ZHAO."""
ZHOU = person("zhou", Role.RESIDENT)
WU = person("wu", Role.RESPONDER)
"""Answers for nothing here."""
HOUSE = (24.5, 102.25)
"""Where house 17 stands."""
METRE = 1 / 111_195
"""Degrees of latitude."""

VILLAGE = Community.model_validate(
    {
        "areas": [
            {"id": "town", "name": {"zh": "清水镇", "en": "Town"}},
            {"id": "village", "name": {"zh": "大坪村", "en": "Village"}, "parent": "town"},
            {"id": "block", "name": {"zh": "东片", "en": "East block"}, "parent": "village"},
            {"id": "group-1", "name": {"zh": "一组", "en": "Group 1"}, "parent": "block"},
            {"id": "group-2", "name": {"zh": "二组", "en": "Group 2"}, "parent": "block"},
        ],
        "sites": [
            {
                "id": "hh-017",
                "name": {"zh": "17号", "en": "House 17"},
                "area": "group-1",
                "location": {"lat": HOUSE[0], "lon": HOUSE[1]},
            },
            {
                "id": "hh-044",
                "name": {"zh": "44号", "en": "House 44"},
                "area": "group-2",
                "location": {"lat": HOUSE[0] + 3000 * METRE, "lon": HOUSE[1]},
            },
            {"id": "square", "name": {"zh": "广场", "en": "Square"}, "area": "group-1"},
        ],
        "sensors": [{"id": "smoke-17", "site": "hh-017"}],
    }
)
DUTIES = (Duty(account="zhao", area="group-1"), Duty(account="qian", area="block"))


def open_accounts(database: Database, clock: Clock) -> Accounts:
    """An account for everybody."""
    accounts = Accounts(database, clock, passwords=CHEAP)
    for each in (LIN, WANG, CHEN, ZHAO, QIAN, WU, LI, ZHOU):
        accounts.create(each.name, "three words and a river", Role(each.role))
    return accounts
