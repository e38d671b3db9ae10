"""Claims about how lists come to the worker of a camera that compares with them."""

from __future__ import annotations

import json
from typing import Any

from cameras.link import Assign, from_json, to_json
from cameras.running.desk import _task
from cameras.running.task import Task
from cameras.supervisor import _Wanted
from config.community import Community

LIST = {
    "id": "stolen",
    "kind": "watch",
    "owner": "Wang",
    "reason": "Notice 117",
    "since": "2026-11-01",
    "until": "2026-11-30",
    "plates": ["京A·12345"],
}


def community(**changed: Any) -> Community:
    cameras = [
        {"id": "reads", "site": "gate", "url": "rtsp://h/1", "detectors": ["objects", "plates"]},
        {"id": "looks", "site": "gate", "url": "rtsp://h/2"},
    ]
    body = {"sites": [{"id": "gate", "name": "Gate"}], "cameras": cameras, "plate_lists": [LIST | changed]}
    return Community.model_validate(body)


def wanted(whole: Community, camera: str) -> _Wanted:
    found = whole.camera(camera)
    assert found is not None
    return _Wanted(found, None, ("main",), whole.plates_for(found), None)


def crossed(one: _Wanted) -> Task:
    """As it comes out of the link."""
    message = from_json(json.loads(json.dumps(to_json(one.assign()))))
    assert isinstance(message, Assign)
    return _task(message)


def test_a_list_comes_to_the_worker_as_it_is() -> None:
    whole = community()
    (found,) = crossed(wanted(whole, "reads")).plates
    assert (found,) == whole.plates_for(whole.cameras[0])
    assert found.plates == {"京A12345"}


def test_a_camera_that_reads_no_plates_hears_of_no_list() -> None:
    assert crossed(wanted(community(), "looks")).plates == ()


def test_a_changed_list_begins_the_analysis_anew_and_of_no_other_camera() -> None:
    before, after = community(), community(plates=["京A54321"])
    assert not wanted(before, "reads").is_same(wanted(after, "reads"))
    assert wanted(before, "looks").is_same(wanted(after, "looks"))
    assert not crossed(wanted(before, "reads")).looks_the_same(crossed(wanted(after, "reads")))
    assert crossed(wanted(before, "reads")).looks_the_same(crossed(wanted(before, "reads")))
