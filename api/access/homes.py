"""Homes: where somebody lives, as `contacts` of the Community says."""

from __future__ import annotations

from config.community import Community
from hub.access import Principal


def homes_of(community: Community, who: Principal) -> frozenset[str]:
    """The ids of the sites where somebody lives."""
    return frozenset(site for contact in community.contacts if contact.account == who.name for site in contact.sites)
