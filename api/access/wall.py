"""Wall: holds the routes of the application to what is declared, when it is built and at every request.

An application with a route that nobody declared, or a declaration of no route, is not built. At every request the wall
asks for the declared permissions before the route does, so that a route that forgets to ask is still shut, and for a
grant for all of the Community where the declaration says `By.WHOLE`. Where an object is, and for whom, the route itself
asks (`api/access/reaching.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from api.access.auth import Asker, Someone
from api.access.declaration import PREFIX, By, Declaration, Entrance, Keys
from api.access.declared import DECLARED
from api.access.reaching import reach_of
from api.errors import ForbiddenError
from api.parts import Parts
from api.recordings.links import link_holder, links_of
from hub.access import Permission, Principal, permissions

BY_ROUTE: Mapping[tuple[str, str], Declaration] = {(each.method, each.path): each for each in DECLARED}


class UndeclaredError(Exception):
    """Routes and declarations are not the same; says what to write."""


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Any]]:
    """Every route of an application, down into its routers: method, path and the route."""
    for route in routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods or ()):
                yield method, route.path, route
        elif isinstance(route, APIWebSocketRoute):
            yield "WEBSOCKET", route.path, route
        else:
            router = getattr(route, "original_router", None)
            if router is None:
                raise UndeclaredError(f"{route!r} is of no kind that can be declared; use a router of FastAPI")
            yield from routes_of(router.routes)


def hold_to(
    routes: Iterable[BaseRoute], open_routes: Iterable[BaseRoute] = (), declared: Iterable[Declaration] = DECLARED
) -> None:
    """Refuse an application whose routes are not those that are declared.

    Args:
        routes: All of them.
        open_routes: Those that nobody has to be signed in for.
        declared: What is declared.

    Raises:
        UndeclaredError: They do not agree; the message has the lines to write.
    """
    there = {(method, path): route for method, path, route in routes_of(routes)}
    without_token = {(method, path) for method, path, _ in routes_of(open_routes)}
    known: dict[tuple[str, str], Declaration] = {}
    told = []
    for each in declared:
        if (each.method, each.path) in known:
            told.append(f"take out one of two: {each.method} {each.path}")
        known[each.method, each.path] = each
    told += [f"write:    {_line(*route, there[route])}" for route in sorted(set(there) - set(known))]
    told += [f"take out: {method} {path}, which is no route" for method, path in sorted(set(known) - set(there))]
    for route in sorted(set(known) & set(there)):
        if (known[route].entrance is not Entrance.TOKEN) != (route in without_token):
            told.append(f"give entrance= as it is: {' '.join(route)} is {'' if route in without_token else 'not '}open")
    if told:
        raise UndeclaredError(_HOW + "\n".join(f"  {line}" for line in told) + _WORDS)


_HOW = "routes and api/access/declared.py do not agree; below about(Kind...) of the noun\n"
_WORDS = """
Without by= the grants decide where; by=By.WHOLE is for what belongs to the whole Community, by=By.ANY for what all
with the permission may have; keys=Keys.NONE is for what people alone may do; entrance= for routes without a token.
api/access/declaration.py says each word. Then: python -m api.access.table > docs/reference/access.md"""


def asked_by(route: Any) -> list[frozenset[Permission]]:
    """What the route itself asks with `needs`: any permission of each set."""
    found: list[frozenset[Permission]] = []

    def look(dependant: Any) -> None:
        if getattr(dependant.call, "__qualname__", "") == "needs.<locals>.check":
            found.append(frozenset(inspect.getclosurevars(dependant.call).nonlocals["permissions"]))
        for each in dependant.dependencies:
            look(each)

    look(route.dependant)
    # What a smaller set asks, a larger one that holds it asks as well.
    return [each for each in dict.fromkeys(found) if not any(other < each for other in found)]


async def ask(connection: HTTPConnection, asker: Someone) -> None:
    """Ask whoever is signed in for what the route declares.

    Raises:
        ForbiddenError: His role has none of it, he came with a key where only people may, or it belongs to the whole
            Community and his grants do not hold all of it.
    """
    declared, who = _declared(connection), asker.principal
    check(declared, who)
    having = declared.opens & permissions(who)
    if having and all(declared.by[each] is By.WHOLE for each in having):
        reach = await run_in_threadpool(reach_of, connection.app.state.parts, who)
        if not any(reach.is_everywhere(each) for each in having):
            raise ForbiddenError("this belongs to the whole community, and needs a grant for all of it")


async def ask_of_link(connection: HTTPConnection) -> None:
    """Ask whoever a link was made for; whoever shows a token the route itself asks.

    Raises:
        ForbiddenError: His role has none of it.
        NotSignedInError: The link is not good.
    """
    declared = _declared(connection)
    link = connection.query_params.get("link")
    if declared.entrance not in (Entrance.LINK, Entrance.ONLY_LINK) or link is None:
        return
    here: Parts = connection.app.state.parts
    found = links_of(here).read(link)
    who = await run_in_threadpool(link_holder, here, found)
    connection.state.asker = Asker(who, found.expires)  # whose entry in the audit log it is
    check(declared, who)


def check(declared: Declaration, who: Principal) -> None:
    """Refuse whoever may not come through at all.

    Raises:
        ForbiddenError: His role has none of it, or he came with a key where only people may.
    """
    if who.key is not None and declared.keys is Keys.NONE:
        raise ForbiddenError("this is for people, not for API keys")
    if not declared.lets(permissions(who)):
        raise ForbiddenError(f"this needs the permission {' or '.join(sorted(declared.opens | declared.also))}")


def _declared(connection: HTTPConnection) -> Declaration:
    method = "WEBSOCKET" if connection.scope["type"] == "websocket" else connection.scope["method"]
    return BY_ROUTE[method, connection.scope["route"].path]


def _line(method: str, path: str, route: Any) -> str:
    asked = [f"P.{each.name}" for some in asked_by(route) for each in sorted(some)]
    return f"says({', '.join([repr(f'{method} {path.removeprefix(PREFIX)}').replace(chr(39), chr(34)), *asked])}),"
