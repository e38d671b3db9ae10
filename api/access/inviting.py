"""Inviting: whether an invitation still stands, for it does no more than its maker may do when it is used."""

from __future__ import annotations

from api.access.reaching import reach_of
from api.parts import Parts
from hub.access import Permission, Principal
from hub.errors import NotFoundError
from hub.store.people.invitations import Invitation

_CONSOLE = "system"
"""Who made one at the machine itself; no account has this name."""


def still_invited(here: Parts, invitation: Invitation) -> None:
    """Hold an invitation to what its maker may do now.

    Raises:
        NotFoundError: He is gone, disabled, or does not reach those sites any more; in the words for a bad link.
    """
    if invitation.made_by == _CONSOLE:
        return
    maker = next((each for each in here.accounts.list() if each.username == invitation.made_by), None)
    if maker is not None and not maker.disabled:
        reach = reach_of(here, Principal(maker.id, maker.username, maker.role))
        invites = Permission.INVITE_RESIDENTS
        sites = invitation.sites
        if reach.is_everywhere(invites):
            return
        if sites and all(site in reach.homes or reach.allows(invites, site=site) for site in sites):
            return
    raise NotFoundError("this invitation is not good, or not any more")
