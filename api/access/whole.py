"""Whole: who may change the settings of the whole Community, as routes ask for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from api.access.auth import needs
from api.access.reaching import everywhere
from api.parts import Here
from hub.access import Permission, Principal


def _keeper(here: Here, who: Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]) -> Principal:
    """Who may change the settings everywhere."""
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    return who


CommunityKeeper = Annotated[Principal, Depends(_keeper)]
