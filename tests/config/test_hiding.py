"""Hiding and differences: a Community goes out without its secrets, comes back with them, and two are told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.community import Area, Camera, Community, Name, Notifier, Site, Stream
from config.difference import Difference, differences
from config.examples.dapingzi import dapingzi
from config.hiding import plain, restored
from config.load import check_community
from config.reading import read_text
from config.secrets import Secret
from config.writing import write_text


def one(**camera: Any) -> Community:
    main = Stream(url="rtsp://10.0.0.5/a?token=PLANTED1", username="admin", password=Secret("PLANTED2"))
    settings: dict[str, Any] = {"id": "gate", "site": "yard", "main": main, **camera}
    return Community(
        areas=(Area(id="village", name=Name(zh="村")),),
        sites=(Site(id="yard", name=Name(zh="院"), area="village"),),
        cameras=(Camera(**settings),),
        notifiers=(
            Notifier(
                id="room",
                kind="webhook",
                options={"url": "https://hook.example/PLANTED3", "api_key": "PLANTED4"},
                secret=Secret("PLANTED5"),
            ),
        ),
    )


def sent(community: Community, edit: Any = None) -> Community:
    """Exported as YAML, edited, and read again."""
    data = plain(community, defaults=False)
    if edit is not None:
        edit(data)
    return Community.model_validate(read_text(write_text(data)), context={"folder": None})


def test_no_secret_goes_out() -> None:
    for defaults in (True, False):
        assert "PLANTED" not in json.dumps(plain(one(), defaults=defaults))


def test_what_is_sent_back_as_it_was_shown_is_what_was_there() -> None:
    for community in (one(), Community.model_validate(read_text(dapingzi()))):
        back, wrong = restored(sent(community), community)
        assert (back, wrong) == (community, [])
        assert check_community(back) == ()


@pytest.mark.parametrize(
    ("where", "edit"),
    [
        ("cameras.0.main.password", lambda d: d["cameras"][0]["main"].update(url="rtsp://10.6.6.6/a")),
        ("cameras.0.main.password", lambda d: d["cameras"][0]["main"].update(url="rtsp://10.0.0.5:5544/a")),
        ("cameras.0.main.password", lambda d: d["cameras"][0].update(id="another")),
        ("notifiers.0.secret", lambda d: d["notifiers"][0]["options"].update(url="https://evil.example/")),
        ("notifiers.0.secret", lambda d: d["notifiers"][0].update(kind="email")),
    ],
)
def test_a_secret_does_not_follow_what_is_pointed_elsewhere(where: str, edit: Any) -> None:
    back, wrong = restored(sent(one(), edit), one())
    assert where in {".".join(map(str, each.location)) for each in wrong}
    assert "PLANTED2" not in json.dumps(plain(back, secrets=True)["cameras"]) or not where.startswith("cameras")


def test_a_secret_that_is_written_anew_or_taken_away_counts() -> None:
    back, wrong = restored(sent(one(), lambda d: d["cameras"][0]["main"].update(password="fresh")), one())
    assert wrong == []
    assert back.cameras[0].main.password == Secret("fresh")
    back, wrong = restored(sent(one(), lambda d: d["cameras"][0]["main"].pop("password")), one())
    assert back.cameras[0].main.password is None


def test_differences_are_told_by_id_and_field() -> None:
    after = one(name=Name(zh="大门"), main=Stream(url="rtsp://10.0.0.6/b"))
    after = after.model_copy(update={"sites": (*after.sites, Site(id="shop", name=Name(zh="店")))})
    found = {each.path: each for each in differences(one(), after)}
    assert found["sites.shop"].change == "added"
    assert found["cameras.gate.main.url"].after == "rtsp://10.0.0.6/b"
    assert found["cameras.gate.main.password"] == Difference("cameras.gate.main.password", "changed", secret=True)
    assert "PLANTED" not in str(found)


def test_a_changed_password_is_told_without_it() -> None:
    main = Stream(url="rtsp://10.0.0.5/a?token=PLANTED9", username="admin", password=Secret("PLANTED8"))
    assert differences(one(), one(main=main)) == (
        Difference("cameras.gate.main.url", "changed", secret=True),
        Difference("cameras.gate.main.password", "changed", secret=True),
    )


def test_what_only_moved_in_its_list_is_no_difference() -> None:
    two = one().model_copy(
        update={"cameras": (*one().cameras, Camera(id="b", site="yard", main=one().cameras[0].main))}
    )
    assert differences(two, two.model_copy(update={"cameras": two.cameras[::-1]})) == ()
    assert differences(two, two) == ()
