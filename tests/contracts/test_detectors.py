"""What every detector in cameras/detectors/ keeps to, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cameras.vision.analysis import build_shared
from cameras.vision.detection import Detector, Scene
from cameras.vision.motion import MotionModel
from config.community import DEFAULT_DETECTORS
from config.machine import Machine
from hub.clock import SetClock
from hub.plugins import Options, Plugin, load_plugins
from tests.fakes.footage import NO_MODELS, START, film, nothing

PLUGINS = load_plugins("cameras.detectors")


@pytest.fixture(params=sorted(PLUGINS))
def plugin(request: pytest.FixtureRequest) -> Plugin[Any]:
    return PLUGINS[request.param]


def build(plugin: Plugin[Any]) -> Detector:
    return plugin.build(plugin.options(), build_shared(Machine(), NO_MODELS).for_camera("gate"))


def scenes(seconds: float = 3, **film_options: Any) -> Iterator[Scene]:
    model, clock = MotionModel(), SetClock(START)
    for frame in film(nothing, seconds, **film_options):
        yield Scene(frame, model.update(frame.image, frame.pts_s), clock)


def test_the_default_detectors_are_there() -> None:
    assert {one.kind for one in DEFAULT_DETECTORS} <= set(PLUGINS)


def test_its_options_have_defaults_and_refuse_unknown_keys(plugin: Plugin[Any]) -> None:
    assert issubclass(plugin.options, Options)
    plugin.options()
    with pytest.raises(ValidationError):
        plugin.options.model_validate({"no such option": 1})


def test_it_says_in_one_sentence_what_it_is(plugin: Plugin[Any]) -> None:
    assert plugin.summary.endswith(".")
    assert "\n" not in plugin.summary


def test_an_empty_scene_holds_nothing(plugin: Plugin[Any]) -> None:
    detector = build(plugin)
    assert not any(detector.detect(scene) for scene in scenes())


def test_it_takes_any_size_of_picture_and_changes_none(plugin: Plugin[Any]) -> None:
    detector, model, clock = build(plugin), MotionModel(), SetClock(START)
    for frame in film(nothing, 2):
        for shape in ((2, 2), (480, 64), (64, 480)):
            image = np.resize(frame.image, (*shape, 3))
            before = image.copy()
            scene = Scene(type(frame)(image, frame.at, frame.pts_s, False, 0), model.update(image, frame.pts_s), clock)
            detector.detect(scene)
            assert np.array_equal(image, before)


def test_it_survives_a_reset_and_time_that_jumps(plugin: Plugin[Any]) -> None:
    detector = build(plugin)
    for start_s in (0.0, 500.0, 3.0):
        for scene in scenes(start_s=start_s):
            detector.detect(scene)
        detector.reset()


def test_its_trouble_is_none_or_a_sentence(plugin: Plugin[Any]) -> None:
    trouble = build(plugin).trouble
    assert trouble is None or len(trouble.split()) > 3
