"""A camera that wants to harm: how each of its ways ends, and where that is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from cameras.onvif.exchange import Exchange
from cameras.onvif.session import Access, Session
from hub.clock import SystemClock
from hub.networks import Allowed

ROOT = Path(__file__).parents[2]
WAYS = {
    "pictures larger than any camera's": (
        "cameras/test_limits.py",
        "pictures_of_the_largest_cameras_are_taken_and_larger_ones_not",
    ),
    "pictures that grow within a stream": (
        "cameras/test_limits.py",
        "a_picture_that_grows_within_a_stream_is_not_decoded",
    ),
    "more packets, or larger ones, than cameras send": ("cameras/test_limits.py", "more_is_refused"),
    "packets faster than they are read": (
        "cameras/test_packet_queue.py",
        "it_stays_bounded_and_decodable_whatever_comes",
    ),
    "silence": ("cameras/test_protocols.py", "a_silent_device_times_out"),
    "hanging in the midst": ("cameras/test_protocols.py", "a_camera_that_hangs_times_out"),
    "garbage on its port": ("cameras/test_protocols.py", "garbage_on_the_port_is_not_video"),
    "damaged video": ("cameras/test_protocols.py", "damaged_places_are_passed_over"),
    "errors that nobody thought of": (
        "cameras/test_reader.py",
        "a_defect_of_a_protocol_costs_a_session_and_not_the_reader",
    ),
    "being slow so that others starve": (
        "cameras/test_reader.py",
        "a_slow_camera_fills_its_own_queue_and_starves_nobody",
    ),
    "headers without end, entities, nesting, dripping": (
        "cameras/onvif/test_hostile.py",
        "a_hostile_answer_ends_in_a_problem",
    ),
    "files of the hub in its XML": ("cameras/onvif/test_hostile.py", "nothing_outside_of_an_answer_is_read"),
    "XML that is made up": ("cameras/onvif/test_hostile.py", "every_parser_of_a_tree_takes_whatever_is_in_it"),
    "answers that are made up": ("cameras/onvif/test_hostile.py", "every_parser_of_bytes_ends_in_a_value_or_a_problem"),
    "redirects and play-lists to others": (
        "cameras/test_confined_addresses.py",
        "no_redirect_and_no_play_list_leads_to_an_address_that_is_not_allowed",
    ),
    "streams of another host, for the password": (
        "cameras/setting_up/test_probing.py",
        "a_stream_of_another_host_gets_no_password_and_is_opened_in_allowed_networks_alone",
    ),
    "taking over the worker": ("cameras/test_confinement.py", "a_confined_worker_can_do_nothing_but_its_work"),
    "taking over the child that asks it": (
        "cameras/test_confinement.py",
        "a_child_that_asks_a_camera_writes_nothing_at_all",
    ),
    "passwords of the hub": ("cameras/test_confinement.py", "a_worker_gets_no_password_of_the_hub"),
    "messages of a taken worker": ("cameras/test_link.py", "what_is_no_message_is_a_link_error"),
    "answers of a taken child": ("cameras/setting_up/test_asking.py", "a_process_that_misbehaves_is_ended_and_told"),
    "files that unpack without end": ("cameras/recordings/test_index.py", "a_bomb_is_not_unpacked"),
    "messages of sensors that are made up": (
        "hub/sensors/test_door.py",
        "whatever_comes_is_an_event_that_survives_storing_or_a_refusal",
    ),
    "announcements without number": ("hub/sensors/test_home_assistant.py", "the_number_of_announcements_is_bounded"),
    "floods of messages": ("hub/sensors/test_doubts.py", "a_burst_passes_and_what_goes_on_is_thinned_to_the_rate"),
}
"""Which way, and the file below tests/ with the name of its test."""


@pytest.mark.parametrize("way", WAYS)
def test_each_way_has_its_test(way: str) -> None:
    file, name = WAYS[way]
    assert f"def test_{name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_every_parser_of_what_cameras_say_is_tried_with_made_up_bytes() -> None:
    """RTSP with its SDP, ONVIF and MQTT; what brought something out is kept, and tried with every build."""
    fuzzing = ROOT / "tests" / "fuzzing"
    for name in ("rtsp", "onvif", "mqtt"):
        assert (fuzzing / f"{name}.py").is_file()
        assert (fuzzing / "corpus" / f"{name}.jsonl").stat().st_size > 0, name
    assert (fuzzing / "test_corpus.py").is_file()


def test_no_two_questions_to_a_camera_have_one_nonce() -> None:
    """Whoever listens on the way cannot send a question once more; a camera that keeps nonces refuses it."""
    session = Session(
        Access("http://127.0.0.1:1/", "hub", "s3cret"), Exchange(Allowed.of(("loopback",))), SystemClock()
    )
    tokens = [session._token() for _ in range(200)]
    assert len({token.nonce for token in tokens}) == len({token.digest for token in tokens}) == 200
    assert min(len(token.nonce) for token in tokens) >= 16
