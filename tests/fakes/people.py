"""The people of the tests, one for each role and two more operators, so that two can act at once."""

from __future__ import annotations

from hub.access import Principal, Role


def person(name: str, role: Role) -> Principal:
    """Somebody with a role."""
    return Principal(id=f"account-{name}", name=name, role=role.value)


LIN = person("lin", Role.OPERATOR)
WANG = person("wang", Role.OPERATOR)
CHEN = person("chen", Role.SUPERVISOR)
ZHAO = person("zhao", Role.RESPONDER)
LI = person("li", Role.RESIDENT)
SUN = person("sun", Role.INTEGRATOR)
ADMIN = person("admin", Role.ADMINISTRATOR)
"""An administrator may do whatever a supervisor may."""
