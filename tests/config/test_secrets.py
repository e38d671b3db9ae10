"""A secret is used, stored and compared, and never shown."""

from __future__ import annotations

import copy
import logging
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.community import Camera, Community, Stream
from config.load import load_community, parse
from config.machine import Machine
from config.secrets import Secret
from hub.errors import ConfigurationError

PASSWORD = "hunter2"


def community() -> Community:
    return parse(
        Community,
        {
            "sites": [{"id": "home", "name": "Home"}],
            "cameras": [{"id": "gate", "site": "home", "url": f"rtsp://admin:{PASSWORD}@10.0.0.2/1"}],
        },
        file=None,
    )


def test_no_form_of_printing_shows_it() -> None:
    whole = community()
    machine = Machine.model_validate({"database": {"url": f"postgresql+psycopg://u:{PASSWORD}@h/d"}})

    for thing in (whole, machine, whole.cameras[0].main.password):
        assert PASSWORD not in repr(thing) + str(thing) + f"{thing}"
    for model in (whole, machine):
        assert PASSWORD not in str(model.model_dump()) + model.model_dump_json()


def test_only_a_dump_that_says_so_holds_it() -> None:
    assert PASSWORD in community().model_dump_json(context={"secrets": True})


def test_no_error_shows_it_and_none_is_chained_that_does(caplog: pytest.LogCaptureFixture) -> None:
    bad = {
        "id": "gate",
        "site": "home",
        "url": f"rtsp://admin:{PASSWORD}@10.0.0.2/1",
        "enabled": [PASSWORD],
        "x": PASSWORD,
    }
    try:
        parse(Camera, bad, file=None)
    except ConfigurationError as error:
        logging.getLogger(__name__).exception("refused")
        shown = "".join(traceback.format_exception(error)) + caplog.text
    with pytest.raises(ValidationError) as caught:
        Camera.model_validate(bad)

    assert PASSWORD not in shown
    assert PASSWORD not in str(caught.value)


def test_a_password_written_as_a_query_is_hidden_in_the_shown_url() -> None:
    stream = Stream(url=f"http://10.0.0.2/snap?user=admin&password={PASSWORD}&channel=1")

    assert stream.shown_url == "http://10.0.0.2/snap?user=admin&password=***&channel=1"


def test_references_are_resolved_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_TEST_SECRET", PASSWORD)
    (tmp_path / "secret").write_text(f"{PASSWORD}\r\n", encoding="utf-8")

    assert Secret("env:HUB_TEST_SECRET").reveal() == PASSWORD
    assert Secret(f"file:{tmp_path / 'secret'}").reveal() == PASSWORD
    assert Secret(PASSWORD).reveal() == PASSWORD


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfehunter2"])
def test_a_secret_file_that_holds_nothing_usable_is_refused_without_its_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="secret file") as caught:
        Secret(f"file:{path}").reveal()

    assert "xff" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("reference", ["env:PATH", "file:/etc/passwd"])
def test_an_api_body_cannot_make_the_hub_read_its_own_machine(reference: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(Camera, {"id": "a", "site": "b", "url": "rtsp://h/1", "password": reference}, file=None)

    assert caught.value.mistakes[0].path == "password"


def test_a_reference_in_the_url_of_a_file_is_a_reference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_TEST_SECRET", PASSWORD)
    path = tmp_path / "community.yaml"
    path.write_text(
        "sites: [{id: home, name: Home}]\n"
        "cameras: [{id: a, site: home, url: 'rtsp://viewer:env:HUB_TEST_SECRET@10.0.0.2/1'}]\n",
        encoding="utf-8",
    )

    password = load_community(path).cameras[0].main.password

    assert password == Secret("env:HUB_TEST_SECRET")
    assert copy.deepcopy(password) == password
