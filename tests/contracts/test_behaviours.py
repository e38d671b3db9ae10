"""What every behaviour in cameras/behaviours/ keeps to, whichever it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cameras.vision.behaving import Behaviour, Look, Surroundings, behaviours_of
from cameras.vision.following.zones import ZoneMap
from cameras.vision.motion import MotionModel
from cameras.vision.reporting import Reporter
from config.community import Camera, ZoneUse
from hub.clock import SetClock
from hub.errors import ConfigurationError
from hub.plugins import Options, Plugin, load_plugins
from tests.fakes.footage import START, camera, film, nothing, zone

PLUGINS = load_plugins("cameras.behaviours")


@pytest.fixture(params=sorted(PLUGINS))
def plugin(request: pytest.FixtureRequest) -> Plugin[Any]:
    return PLUGINS[request.param]


def surroundings(one: Camera) -> Surroundings:
    return Surroundings(one, ZoneMap(one.zones), Reporter(one, area="east", clock=SetClock(START)))


def build(plugin: Plugin[Any]) -> Behaviour | None:
    everything = camera(*(zone(use, name=use.value.replace("_", "-")) for use in ZoneUse))
    built: Behaviour | None = plugin.build(plugin.options(), surroundings(everything))
    return built


def test_its_options_have_defaults_and_refuse_unknown_keys(plugin: Plugin[Any]) -> None:
    assert issubclass(plugin.options, Options)
    plugin.options()
    with pytest.raises(ValidationError):
        plugin.options.model_validate({"no such option": 1})


def test_it_says_in_one_sentence_what_it_is(plugin: Plugin[Any]) -> None:
    assert plugin.summary.endswith(".")
    assert "\n" not in plugin.summary


def test_where_nothing_happens_it_says_nothing(plugin: Plugin[Any]) -> None:
    behaviour = build(plugin)
    if behaviour is None:
        return
    model = MotionModel()
    for frame in film(nothing, 3):
        look = Look(frame, model.update(frame.image, frame.pts_s), (), ())
        assert not behaviour.update(look)
        assert np.asarray(frame.image).size
    assert not behaviour.pending
    assert not behaviour.end(frame.at)


def test_it_takes_moments_in_which_nobody_looked_and_time_that_jumps(plugin: Plugin[Any]) -> None:
    behaviour = build(plugin)
    if behaviour is None:
        return
    model = MotionModel()
    for start_s in (0.0, 500.0, 3.0):
        for frame in film(nothing, 1, start_s=start_s):
            assert not behaviour.update(Look(frame, model.update(frame.image, frame.pts_s), (), None))
        assert not behaviour.end(frame.at)


def test_options_for_an_unknown_kind_and_wrong_ones_are_both_told() -> None:
    wrong = camera().model_copy(update={"behaviours": {"dancing": {}, "collisions": {"sure": 2}}})
    with pytest.raises(ConfigurationError) as caught:
        behaviours_of(surroundings(wrong))
    assert len(caught.value.mistakes) == 2
    assert "dancing" in str(caught.value)
