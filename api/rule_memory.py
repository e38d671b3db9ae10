"""Rule memory: rules that could remember more than this machine allows are not run."""

from __future__ import annotations

import logging

from alerts.language.memory import memory_mistake, memory_of
from alerts.language.rulebook import RuleBook
from config.community import Community
from config.machine import Machine
from hub.errors import ConfigurationError, Mistake

logger = logging.getLogger(__name__)


def bound_memory(book: RuleBook, community: Community, machine: Machine) -> None:
    """Refuse rules that could remember more than this machine allows.

    Raises:
        ConfigurationError: They could.
    """
    found = memory_of(book.rules, community)
    if words := memory_mistake(found, machine.rules_memory_mib):
        raise ConfigurationError((Mistake(None, "rules_memory_mib", words),))
    most_bytes = sum(each.all_bytes for each in found)
    logger.info("rules remember at most", extra={"rules": len(found), "mib": most_bytes >> 20})
