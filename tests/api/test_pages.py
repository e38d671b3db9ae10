"""The pages as the hub serves them: packed, kept or asked for anew, and never a file that is none of theirs."""

from __future__ import annotations

import re

import pytest

from api.routes import pages
from tests.api.room import Room

needs_pages = pytest.mark.skipif(not pages._BUILT.is_dir(), reason="the pages are not built (make ui)")


@needs_pages
def test_every_address_of_an_application_answers_with_it(room: Room) -> None:
    asked = room.client(None)
    desk, phone = asked.get("/"), asked.get("/m/")
    assert desk.headers["content-type"] == "text/html; charset=utf-8"
    assert asked.get("/desk/incidents/anything?x=1").text == desk.text != phone.text
    assert asked.get("/m/home/cam-1").text == phone.text
    assert desk.headers["cache-control"] == "no-cache"


@needs_pages
def test_the_phone_page_can_be_installed(room: Room) -> None:
    """Its worker has to lie beside it, and is asked for anew each time, else no page would ever be newer."""
    asked = room.client(None)
    page, worker, manifest = asked.get("/m/"), asked.get("/m/sw.js"), asked.get("/m/manifest.webmanifest")
    assert 'href="/m/manifest.webmanifest"' in page.text
    assert worker.headers["content-type"] == "text/javascript; charset=utf-8"
    assert worker.headers["cache-control"] == manifest.headers["cache-control"] == "no-cache"
    told = manifest.json()
    assert (manifest.headers["content-type"], told["scope"]) == ("application/manifest+json", "/m/")
    for icon in told["icons"]:
        assert asked.get(icon["src"]).headers["content-type"] == icon["type"]
    shell = re.findall(r"/ui/assets/[\w.-]+", worker.text)
    assert set(re.findall(r"/ui/assets/phone-[\w.-]+", page.text)) <= set(shell)
    assert {asked.get(each).status_code for each in shell} == {200}


@needs_pages
def test_scripts_come_packed_and_are_kept(room: Room) -> None:
    asked = room.client(None)
    [script] = re.findall(r'src="(/ui/assets/desk-[^"]+\.js)"', asked.get("/").text)
    plain = asked.get(script, headers={"Accept-Encoding": "identity"})
    packed = asked.get(script, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["cache-control"].endswith("immutable")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < 0.7 * len(plain.content)


@needs_pages
@pytest.mark.parametrize("path", ["nothing.js", "../app.py", "%2e%2e/app.py", "desk.html.br", "assets", ""])
def test_no_address_reaches_another_file(room: Room, path: str) -> None:
    assert room.client(None).get(f"/ui/{path}").status_code == 404


def test_short_addresses_lead_to_their_pages(room: Room) -> None:
    for short, place in pages.MOVED.items():
        answer = room.client(None).get(short)
        assert (answer.status_code, answer.headers["location"]) == (307, place)


def test_pages_that_were_not_built_say_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_built", dict)
    answer = room.client(None).get("/")
    assert answer.status_code == 503
    assert "make ui" in answer.text


@needs_pages
@pytest.mark.parametrize("path", ["/", "/m/"])
def test_a_page_holds_no_inline_script_and_nothing_from_elsewhere(room: Room, path: str) -> None:
    asked = room.client(None)
    page = asked.get(path).text
    assert not re.search(r"<script(?![^>]* src=)|://| style=| on\w+=", page)
    named = {*re.findall(r'"(/(?:ui|m)/[^"]+)"', page)}
    assert len(named) > 3
    for name in named:
        assert asked.get(name).status_code == 200, name
