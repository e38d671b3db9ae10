"""Names: which names of accounts nobody may choose for himself.

Settings name people by their account: where they live, and for what they answer. Whoever picks his own name, because he
was invited or comes through a provider, must not become one of them by it. Pure.
"""

from __future__ import annotations

from collections.abc import Collection

from config.account_names import as_accounts_are_named
from config.community import Community

_OWN = frozenset({"system", "console", "file"})
_ERASED = "erased-"


def is_reserved(name: str) -> bool:
    """Whether a name, as accounts keep it, stands for something that is no person, or for who was erased."""
    return name in _OWN or name.startswith(_ERASED)


def is_spoken_for(community: Community, name: str, sites: Collection[str]) -> bool:
    """Whether settings mean somebody by a name, who is not known to be the one that is let in now.

    Args:
        community: The settings.
        name: That he chose.
        sites: Where he was invited to live; a contact for exactly these is meant to be him.
    """
    wanted = as_accounts_are_named(name)
    if any(each.account == wanted for each in community.duties):
        return True
    homes = [each.sites for each in community.contacts if each.account == wanted]
    return any(set(each) != set(sites) for each in homes)
