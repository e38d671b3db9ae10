"""Channel forms: the kinds of channels that are installed, each with the JSON Schema of its options.

Made from the models that check the options, so that a form never offers what the hub would refuse.
"""

from __future__ import annotations

from functools import cache

from api.json_schemas import options_schema
from api.schemas.channels import ChannelKindView
from hub.plugins import load_plugins


@cache
def channel_kinds() -> list[ChannelKindView]:
    """Every kind, by its name."""
    return [
        ChannelKindView(kind=kind, summary=plugin.summary, options=options_schema(plugin.options))
        for kind, plugin in sorted(load_plugins("alerts.notifiers").items())
    ]
