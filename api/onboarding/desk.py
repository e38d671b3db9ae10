"""OnboardingDesk: what the routes need to let devices in, put together in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.onboarding.attending import ImportPlace
from api.onboarding.holding import Holding
from api.onboarding.named import NamedAddresses
from api.setting_up import SettingUp
from config.check import Kinds
from config.machine import Machine
from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.sensors.formats import Formats
from hub.sensors.intake import Door
from hub.sensors.parsing import PayloadFormat


@dataclass(frozen=True, slots=True)
class OnboardingDesk:
    """How devices get in.

    Attributes:
        setting_up: Asks cameras that nobody runs yet.
        holding: Who turns which camera.
        allowed: Networks in which cameras may be.
        formats: Payload formats, each with the model of its options.
        readers: The same, as they read.
        named: What cameras that were tried said of their streams, in full.
        imports: Imports that try cameras.
    """

    setting_up: SettingUp
    holding: Holding
    allowed: tuple[str, ...]
    formats: Kinds
    readers: Mapping[str, PayloadFormat]
    named: NamedAddresses
    imports: ImportPlace


def start_onboarding(
    machine: Machine, clock: Clock, *, formats: Formats, door: Door, lifecycle: Lifecycle
) -> OnboardingDesk:
    """The desk of a hub."""
    setting_up = SettingUp(clock)
    imports = ImportPlace()
    lifecycle.push("import", imports.stop)
    lifecycle.push("setting up", setting_up.stop)
    return OnboardingDesk(
        setting_up,
        Holding(clock),
        machine.networks.cameras,
        formats=formats.options,
        readers=door.formats,
        named=NamedAddresses(clock),
        imports=imports,
    )
