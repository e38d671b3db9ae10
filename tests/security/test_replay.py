"""What was good once, or for somebody or something else, is good for nothing more; and who guesses is stopped.

Most of it is tested where it is done; the table at the end says where, so that nothing of it goes unseen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from hub.access import Role
from hub.store.people.accounts import FAILURES
from tests.api.access.world import Asker, World
from tests.api.room import PASSWORD, Room, open_room

ROOT = Path(__file__).parents[2]
WORDS = ("token", "digest", "signature", "mac", "code", "password", "secret", "nonce", "totp", "otp", "sha256", "hmac")
"""Names of what is only ever compared in constant time."""
ALLOWED = {
    "hub/sensors/deliveries.py": "digest of what a device sent, to know it again; nobody is let in by it",
    "hub/sensors/home_assistant/registry.py": "the same of an announcement",
    "hub/store/announcements.py": "the same",
    "api/recordings/links.py": "whether a link is written as links are, after its seal was compared",
    "api/backup/contents.py": "SHA-256 of a file that whoever asks holds himself",
    "cameras/recordings/evidence/verifying.py": "the same",
    "cameras/vision/objects/wheel_models.py": "SHA-256 of a file that everybody can fetch",
    "hub/store/revisions.py": "digest of a file of settings, to know whether it was edited",
}


def _signed(world: World, name: str) -> dict[str, str]:
    data = {"username": name, "password": PASSWORD}
    answer = world.ask("POST", "/api/v1/auth/token", world.askers["nobody"], data=data)
    assert answer.status_code == 200, answer.text
    session: dict[str, str] = answer.json()
    return session


def _me(world: World, session: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    return world.ask("GET", "/api/v1/me", world.askers["nobody"], headers=headers).status_code


def _refresh(world: World, session: dict[str, str]) -> httpx.Response:
    body = {"refresh_token": session["refresh_token"]}
    return world.ask("POST", "/api/v1/auth/refresh", world.askers["nobody"], json=body)


def test_a_refresh_token_that_comes_twice_ends_all_that_came_of_it(world: World) -> None:
    """Whoever of the two is the thief: his access token ends as well, and no other sign-in does."""
    first, other = _signed(world, "near-operator"), _signed(world, "near-operator")
    second = _refresh(world, first).json()
    third = _refresh(world, second).json()
    assert _me(world, third) == 200
    assert _refresh(world, first).status_code == 401
    assert _refresh(world, third).status_code == 401, "the family is over"
    assert [_me(world, each) for each in (first, second, third)] == [401, 401, 401]
    assert _me(world, other) == 200


def test_no_token_of_one_kind_is_good_as_another(world: World) -> None:
    session = _signed(world, "near-operator")
    nobody = world.askers["nobody"]
    swapped = {"access_token": session["refresh_token"], "refresh_token": session["access_token"]}
    assert _me(world, swapped) == 401
    assert _refresh(world, swapped).status_code == 401
    link = f"/api/v1/cameras/near-road-cam/clip.mp4?link={session['access_token']}"
    assert world.ask("GET", link, nobody).status_code in (401, 404, 422)
    for name in ("access_token", "refresh_token"):
        for header in ("X-API-Key", "Cookie"):
            answer = world.ask("GET", "/api/v1/me", nobody, headers={header: session[name]})
            assert answer.status_code == 401, header


def test_after_signing_out_everywhere_no_token_of_before_is_good(world: World) -> None:
    sessions = [_signed(world, "near-supervisor") for _ in range(2)]
    headers = {"Authorization": f"Bearer {sessions[0]['access_token']}"}
    nobody = world.askers["nobody"]
    assert world.ask("POST", "/api/v1/auth/logout-everywhere", nobody, headers=headers).status_code == 204
    for session in sessions:
        assert _me(world, session) == 401
        assert _refresh(world, session).status_code == 401
    assert _me(world, _signed(world, "near-supervisor")) == 200
    world.sign_in_again()


def _link(world: World, who: Asker, camera: str) -> str:
    until = world.began + timedelta(seconds=3)
    body = {"what": "clip", "from": world.began.isoformat(), "to": until.isoformat()}
    answer = world.ask("POST", f"/api/v1/cameras/{camera}/links", who, json=body)
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["url"]
    return url


def test_a_link_is_for_its_camera_its_span_and_who_asked_for_it(world: World) -> None:
    """Put before another camera, another span or another thing it opens nothing; with its maker it ends."""
    master, nobody = world.askers["whole-operator"], world.askers["nobody"]
    url = _link(world, master, "near-road-cam")
    token = url.partition("link=")[2].partition("&")[0]
    assert world.ask("GET", url, nobody).status_code == 200
    elsewhere = [
        url.replace("near-road-cam", "far-road-cam"),
        url.replace("near-road-cam", "near-shop-cam"),
        f"/api/v1/cameras/near-road-cam/recordings.m3u8?link={token}",
        f"/api/v1/cameras/near-road-cam/live.m3u8?link={token}",
        f"/api/v1/incidents/near-road-cam/evidence.zip?link={token}",
    ]
    for address in elsewhere:
        assert world.ask("GET", address, nobody).status_code in (401, 403, 404, 422), address
    later = (world.began + timedelta(seconds=30)).isoformat()
    for more in ({"from": later}, {"to": later}, {"from": later, "to": later}):
        answer = world.ask("GET", str(httpx.URL(url).copy_merge_params(more)), nobody)
        assert answer.status_code in (401, 403, 404, 422), more
    assert world.ask("GET", "/api/v1/me", nobody, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    headers = dict(master.headers)
    assert world.ask("POST", "/api/v1/auth/logout-everywhere", nobody, headers=headers).status_code == 204
    assert world.ask("GET", url, nobody).status_code == 401, "its maker signed out everywhere"
    world.sign_in_again()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A hub of a test's own: what is tried counts for all from one address."""
    opened = open_room(tmp_path / "data")
    yield opened
    opened.close()


def _try(room: Room, name: str, password: str, **more: Any) -> httpx.Response:
    return room.client(None).post("/api/v1/auth/token", data={"username": name, "password": password, **more})


def test_a_code_of_the_telephone_signs_in_once(room: Room) -> None:
    """Whoever looks over a shoulder has nothing of it, though its half minute is not over."""
    account = room.hub.parts.accounts.create("lin", PASSWORD, Role.OPERATOR)
    factors, clock = room.hub.parts.people.second_factors, room.hub.parts.clock
    secret = factors.begin(account.id)
    now = clock.now()
    factors.confirm(account.id, pyotp.TOTP(secret).at(now))
    code = pyotp.TOTP(secret).at(now + timedelta(seconds=30))  # the next, for that one is used up
    assert _try(room, "lin", PASSWORD, code=code).status_code == 200
    assert _try(room, "lin", PASSWORD, code=code).status_code == 401
    assert _try(room, "lin", PASSWORD).status_code == 401


def test_who_guesses_one_account_locks_it_for_its_owner_too_for_a_while_and_no_other(room: Room) -> None:
    """The answer is the same all the way, so that nobody learns whether there is such an account."""
    for name in ("lin", "wang"):
        room.hub.parts.accounts.create(name, PASSWORD, Role.OPERATOR)
    said = [_try(room, "lin", f"guess number {number}") for number in range(FAILURES)]
    said += [_try(room, "lin", PASSWORD), _try(room, "nobody at all", PASSWORD)]
    assert {each.status_code for each in said} == {401}
    assert len({each.text for each in said}) == 1
    assert _try(room, "wang", PASSWORD).status_code == 200


def _compared(path: Path) -> Iterator[str]:
    """Places where what is named like a secret is compared with == or != or looked for with `in`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) or _said(side).isupper() for side in sides):
            continue  # with what stands in the program
        if any(_is_column(side) for side in sides):
            continue  # a question to the database, which finds a digest by its index
        if any(_name_of(side).rpartition("_")[2] in WORDS for side in sides if _name_of(side) != "status_code"):
            yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {ast.unparse(node)}"


def _said(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_column(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "c"


def _name_of(node: ast.expr) -> str:
    """How a value is called: of a call the function, or what a digest is asked of."""
    while isinstance(node, ast.Call | ast.Await | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return "digest" if node.attr in ("hexdigest", "digest") else node.attr.lower().strip("_")
    return node.id.lower().strip("_") if isinstance(node, ast.Name) else ""


def test_nothing_secret_is_compared_in_a_time_that_tells_of_it() -> None:
    folders = [ROOT / name for name in ("api", "hub", "alerts/dispatch", "cameras")]
    files = sorted({path for folder in folders for path in folder.rglob("*.py")})
    assert len(files) > 300
    found = [line for path in files for line in _compared(path) if line.partition(":")[0] not in ALLOWED]
    assert not found, "use hmac.compare_digest:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    ["token == kept", "a.digest != digest_of(t)", "x.hexdigest() == y", "row.token_digest == z", "mac(x) == given"],
)
def test_the_search_for_such_comparisons_finds_them(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.py").write_text(code)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert list(_compared(tmp_path / "x.py"))


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("tests/hub/store/people/test_sign_ins.py", "a_refresh_token_used_by_two_at_the_same_moment_ends_its_sign_in"),
        ("tests/hub/store/people/test_second_factors.py", "one_code_used_by_many_at_once_lets_one_in"),
        ("tests/hub/store/people/test_second_factors.py", "wrong_codes_lock_the_account_though_the_password_is_right"),
        (
            "tests/hub/store/people/test_accounts.py",
            "a_wrong_password_and_an_unknown_user_get_the_same_answer_for_the_same_work",
        ),
        ("tests/hub/store/people/test_accounts.py", "ten_wrong_passwords_lock_the_account_for_five_minutes"),
        ("tests/hub/store/people/test_accounts.py", "no_more_than_two_passwords_are_hashed_at_once"),
        ("tests/api/access/test_limits.py", "many_names_from_one_address_are_stopped_before_anything_is_hashed"),
        ("tests/api/access/test_limits.py", "guessing_of_links_is_slowed_down"),
        ("tests/api/access/test_sign_ins.py", "what_ends_everything_ends_tokens_and_links"),
        ("tests/api/test_links.py", "every_changed_character_is_found"),
        ("tests/api/test_links.py", "another_hubs_links_and_access_tokens_are_no_links"),
    ],
)
def test_what_is_tested_elsewhere_is_still_tested(file: str, test: str) -> None:
    assert f"def test_{test}(" in (ROOT / file).read_text(encoding="utf-8")
