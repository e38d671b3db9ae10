"""Reading what is right: short forms, paths beside the file, credentials taken apart, and nothing but our own error."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from config.community import Camera, Community, Detector, Stream
from config.load import check_community, load_community, load_machine, parse, read_text
from config.machine import ExternalBroker, Machine
from config.secrets import Secret
from hub.errors import ConfigurationError, Mistake

COMMUNITY_KEYS = ("id", "site", "name", "area", "parent", "url", "main", "zones", "points", "kinds", "sites", "cameras")
SMALL = {
    "id": st.sampled_from(("a", "b", "C")),
    "name": st.just("n"),
    "parent": st.sampled_from(("a", "b", None)),
    "site": st.sampled_from(("a", "b")),
    "url": st.text(max_size=20) | st.builds("rtsp://{}".format, st.text(max_size=20)),
}
"""Things that are nearly right, so that the checks behind the shape are reached too."""
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just("env:X"))
DATA = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(COMMUNITY_KEYS) | st.text(max_size=6) | st.integers(), below)
    ),
    max_leaves=20,
)
NOUNS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("areas", "sites", "cameras", "sensors", "name", "timezone"),
        DATA | st.lists(st.fixed_dictionaries(SMALL, optional={"zones": DATA, "detectors": DATA}), max_size=3),
    ),
)


def written(folder: Path, text: str, name: str = "community.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def camera(folder: Path, **settings: Any) -> Camera:
    file = folder / "community.yaml"
    return parse(Camera, {"id": "gate", "site": "home", **settings}, file=file)


def mistakes_of(attempt: Callable[[], object]) -> tuple[Mistake, ...] | None:
    """What a ConfigurationError holds; None when there was none. Any other error goes through."""
    try:
        attempt()
    except ConfigurationError as error:
        return error.mistakes
    return None


@given(data=DATA | NOUNS)
@pytest.mark.parametrize("model", [Community, Machine])
def test_whatever_the_data_parse_raises_only_configuration_error(model: type[BaseModel], data: object) -> None:
    mistakes = mistakes_of(lambda: parse(model, data, file=None))

    assert mistakes is None or all(mistake.message for mistake in mistakes)


@given(data=NOUNS)
def test_whatever_a_file_holds_loading_raises_only_configuration_error(data: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), json.dumps(data, ensure_ascii=False))
        mistakes = mistakes_of(lambda: load_community(path))

    assert mistakes is None or all(mistake.message and mistake.file == path for mistake in mistakes)


@given(text=st.text(max_size=60) | st.text(alphabet="ab:-[]{}&*!|>'\"%@#\n ", max_size=60))
def test_whatever_the_text_reading_raises_only_configuration_error(text: str) -> None:
    assert mistakes_of(lambda: read_text(text)) != ()


@given(
    user=st.text(min_size=1, max_size=8, alphabet="ab:@/%#é中"),
    password=st.text(min_size=1, max_size=8, alphabet="c!@ %/?"),
)
def test_credentials_in_a_url_are_taken_out_and_decoded(user: str, password: str) -> None:
    url = f"rtsp://{quote(user, safe='')}:{quote(password, safe='')}@10.0.0.2:554/a?b=c"

    stream = Stream.model_validate({"url": url})

    assert stream.url == "rtsp://10.0.0.2:554/a?b=c"
    assert (stream.username, stream.password) == (user, Secret(password))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("12:30", "12:30"),
        ("2026-03-03", "2026-03-03"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("~", None),
        ("'null'", "null"),
        ("!!str 5", "5"),
        ("True", True),
        ("-.inf", float("-inf")),
        ("rtsp://10.0.0.2:554/1", "rtsp://10.0.0.2:554/1"),
        ("env:CAMERA", "env:CAMERA"),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert read_text(f"[{text}]") == [value]
    assert read_text(f"a: {text}") == {"a": value}


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    assert read_text("a: &zone [[0, 0], [1, 0]]\nb: *zone\n") == {"a": [[0, 0], [1, 0]], "b": [[0, 0], [1, 0]]}


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path: Path) -> None:
    path = tmp_path / "community.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: Hub\r\nsites: []\r\n")

    assert load_community(path).name.en == "Hub"


def test_url_user_and_password_right_in_a_camera_are_its_main_stream(tmp_path: Path) -> None:
    short = camera(tmp_path, url="rtsp://10.0.0.2/1", username="viewer", password="pw")

    assert short.main == Stream(url="rtsp://10.0.0.2/1", username="viewer", password=Secret("pw"))


def test_a_detector_may_be_its_kind_alone(tmp_path: Path) -> None:
    assert camera(tmp_path, url="rtsp://h/1", detectors=["flame"]).detectors == (Detector(kind="flame"),)


def test_relative_paths_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "大坪 #1.mp4").touch()
    (tmp_path / "camera.secret").write_text("pw\n", encoding="utf-8")
    (tmp_path / "ca.pem").touch()
    community = load_community(
        written(
            tmp_path,
            "sites: [{id: home, name: Home}]\n"
            "cameras:\n"
            '  - {id: a, site: home, url: "file:videos/大坪 #1.mp4"}\n'
            "  - {id: b, site: home, url: rtsp://h/1, username: u, password: file:camera.secret}\n",
        )
    )
    machine = load_machine(
        written(tmp_path, "data: var\nbroker: {url: 'mqtts://h', ca_file: ca.pem}\n", name="machine.yaml")
    )

    assert community.cameras[0].main.file == tmp_path / "videos" / "大坪 #1.mp4"
    assert community.cameras[1].main.password is not None
    assert community.cameras[1].main.password.reveal() == "pw"
    assert machine.data == tmp_path / "var"
    assert isinstance(machine.broker, ExternalBroker)
    assert machine.broker.ca_file == tmp_path / "ca.pem"


def test_a_broker_without_kind_is_external_when_it_has_a_url(tmp_path: Path) -> None:
    machine = load_machine(written(tmp_path, "broker: {url: 'mqtt://10.0.0.9:1883'}", name="machine.yaml"))

    assert machine.broker.kind == "external"


def test_without_a_file_the_machine_is_the_defaults() -> None:
    assert load_machine(None) == Machine()


def test_an_accepted_community_has_no_mistakes_and_an_edit_that_breaks_it_has() -> None:
    community = parse(
        Community,
        {"sites": [{"id": "home", "name": "Home"}], "cameras": [{"id": "a", "site": "home", "url": "file:/gone.mp4"}]},
        file=None,
    )
    edited = community.model_copy(update={"sites": ()})

    assert check_community(community) == ()
    assert [str(mistake) for mistake in check_community(edited)] == [
        "cameras[0].site: there is no site `home`; add it to sites"
    ]


def test_a_video_that_is_gone_fails_the_reading_of_a_file_but_no_edit() -> None:
    community = Community.model_validate(
        {"sites": [{"id": "home", "name": "Home"}], "cameras": [{"id": "a", "site": "home", "url": "file:/gone.mp4"}]}
    )

    assert check_community(community) == ()
    assert [mistake.message for mistake in check_community(community, Path("c.yaml"))] == ["no such file: /gone.mp4"]


def test_what_load_makes_survives_being_stored(tmp_path: Path) -> None:
    community = load_community(
        written(
            tmp_path,
            "sites: [{id: home, name: Home}]\n"
            "cameras: [{id: a, site: home, url: 'rtsp://u:p%40ss@h/1', detectors: [{kind: x, options: {a: [1]}}]}]\n",
        )
    )

    stored = community.model_dump_json(context={"secrets": True})

    assert Community.model_validate_json(stored) == community


@pytest.mark.parametrize("name", ["d" * 256, "/".join(["d" * 200] * 30), "a\\0b"])
def test_a_path_that_no_system_has_is_a_mistake_and_no_crash(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no path of this system"):
        load_machine(written(tmp_path, f'data: "{name}"\n', name="machine.yaml"))
    with pytest.raises(ConfigurationError, match="no such file"):
        load_community(
            written(tmp_path, f'sites: [{{id: a}}]\ncameras: [{{id: c, site: a, url: "file:/{"d" * 300}"}}]\n')
        )


@pytest.mark.parametrize("url", ["rtsp://user:secret@1T[T01", "rtsp://[::1/main", "http://a]/x"])
def test_an_address_whose_host_cannot_be_read_is_a_mistake_and_no_crash(tmp_path: Path, url: str) -> None:
    text = f'sites: [{{id: a}}]\ncameras: [{{id: c, site: a, url: "{url}"}}]\n'
    with pytest.raises(ConfigurationError, match="host or port cannot be read") as caught:
        load_community(written(tmp_path, text))
    assert "secret" not in str(caught.value)
