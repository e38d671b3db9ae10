"""Levels in the colours of a site."""

from __future__ import annotations

from typing import get_args

import pytest

from alerts.incidents.colours import PROFILES, Profile, colour_of, coloured
from config.community import Community, Level

CALM = ("green", "blue", "yellow", "orange", "red")


def test_every_profile_that_a_community_can_have_is_known() -> None:
    assert set(get_args(Community.model_fields["colours"].annotation)) == set(PROFILES) == set(get_args(Profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_level_has_a_colour_and_a_graver_one_is_never_calmer(profile: Profile) -> None:
    shown = [CALM.index(colour_of(level, profile)) for level in Level]
    assert shown == sorted(shown)
    assert colour_of(Level.CRITICAL, profile) == "red"
    assert colour_of(Level.INFO, profile) == "green"


def test_a_village_of_four_colours_shows_orange_as_yellow() -> None:
    assert [colour_of(level, "four_colour_village") for level in Level] == ["green", "blue", "yellow", "yellow", "red"]
    assert [colour_of(level, "national") for level in Level] == list(CALM)


def test_the_level_stays_beside_the_colour_in_an_incident_and_its_alerts() -> None:
    body = {"level": "orange", "alerts": [{"level": "blue"}, {"level": "orange"}], "number": 3}
    assert coloured(body, "four_colour_village") == {
        "level": "orange",
        "colour": "yellow",
        "alerts": [{"level": "blue", "colour": "blue"}, {"level": "orange", "colour": "yellow"}],
        "number": 3,
    }
    assert coloured({"state": "online"}, "national") == {"state": "online"}
