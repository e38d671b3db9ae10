"""Revisions: a change is checked, stored and then followed, or it changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from config.community import Area, Camera, Community, Name, Site, Stream
from config.secrets import Secret
from hub.clock import SetClock
from hub.errors import ConfigurationError, ConflictError, NotFoundError, StoreError
from hub.store.database import Database
from hub.store.revisions import Revisions
from hub.store.schema import revisions as revisions_table


def community(*cameras: str, password: str = "hunter2") -> Community:  # noqa: S107 - planted
    """A Community with one site and these cameras."""
    stream = Stream(url="rtsp://192.0.2.1/main", username="admin", password=Secret(password))
    return Community(
        areas=(Area(id="village", name=Name(zh="大坪子")),),
        sites=(Site(id="gate", name=Name(zh="大门", en="Gate"), area="village"),),
        cameras=tuple(Camera(id=camera, site="gate", main=stream) for camera in cameras),
    )


@pytest.fixture
def revisions(database: Database, clock: SetClock) -> Revisions:
    return Revisions(database, clock)


def add(camera: str) -> object:
    return lambda before: before.model_copy(update={"cameras": (*before.cameras, *community(camera).cameras)})


def test_before_the_first_revision_the_community_is_empty(revisions: Revisions) -> None:
    assert (revisions.number, revisions.current()) == (0, Community())
    assert revisions.history() == []


def test_an_accepted_community_comes_back_whole_secrets_included(
    revisions: Revisions, database: Database, clock: SetClock
) -> None:
    accepted = revisions.accept(community("c1", password="env:PASSWORD"), author="lin", reason="first")
    again = Revisions(database, clock)
    assert again.current() == revisions.current() == community("c1", password="env:PASSWORD")
    assert again.number == accepted.number
    assert again.history() == [accepted]
    assert (accepted.author, accepted.reason, accepted.at) == ("lin", "first", clock.now())


def test_a_community_with_mistakes_changes_nothing(revisions: Revisions) -> None:
    revisions.accept(community("c1"), author="lin", reason="first")
    followed: list[Community] = []
    revisions.follow(followed.append)
    with pytest.raises(ConfigurationError, match="stands twice"):
        revisions.accept(community("c1", "c1"), author="lin", reason="by mistake")
    assert revisions.current() == community("c1")
    assert len(revisions.history()) == 1
    assert followed == []


def test_a_change_made_from_an_older_revision_is_a_conflict(revisions: Revisions) -> None:
    first = revisions.accept(community("c1"), author="lin", reason="first")
    revisions.accept(community("c1", "c2"), author="wang", reason="more", expected=first.number)
    with pytest.raises(ConflictError):
        revisions.accept(community(), author="lin", reason="late", expected=first.number)
    assert revisions.current() == community("c1", "c2")


def test_changes_at_the_same_time_all_count(revisions: Revisions) -> None:
    revisions.accept(community(), author="lin", reason="first")
    names = [f"c{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: revisions.change(add(name), author="lin", reason=name), names))  # type: ignore[arg-type]
    assert sorted(camera.id for camera in revisions.current().cameras) == names


def test_followers_are_told_in_order_and_one_that_fails_keeps_nobody_back(
    revisions: Revisions, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    def fail(_community: Community) -> None:
        raise RuntimeError("no")

    revisions.follow(fail)
    end = revisions.follow(lambda new: seen.append(len(new.cameras)))
    revisions.accept(community("a"), author="lin", reason="")
    revisions.accept(community("a", "b"), author="lin", reason="")
    end()
    revisions.accept(community(), author="lin", reason="")
    assert seen == [1, 2]
    assert caplog.text.count("a part did not follow a revision") == 3


def test_an_unchanged_file_leaves_what_the_api_made_and_a_changed_one_replaces_it(
    revisions: Revisions, database: Database, clock: SetClock
) -> None:
    assert revisions.start_from(community("a"), "digest 1") == community("a")
    revisions.change(add("b"), author="lin", reason="another camera")  # type: ignore[arg-type]
    again = Revisions(database, clock)
    assert again.start_from(community("a"), "digest 1") == community("a", "b")
    assert again.start_from(community("z"), "digest 2") == community("z")
    assert [(revision.author, revision.reason) for revision in again.history()] == [
        ("file", "file changed"),
        ("lin", "another camera"),
        ("file", "first start"),
    ]


def test_the_history_is_read_in_pages_and_each_version_can_be_seen(revisions: Revisions) -> None:
    numbers = [revisions.accept(community(f"c{n}"), author="lin", reason=str(n)).number for n in range(4)]
    page = revisions.history(limit=3)
    assert [revision.number for revision in page] == numbers[:0:-1]
    assert [revision.number for revision in revisions.history(before=page[-1].number)] == numbers[:1]
    assert revisions.version(numbers[1]) == community("c1")
    with pytest.raises(NotFoundError):
        revisions.version(numbers[-1] + 1)


def test_a_stored_community_that_cannot_be_read_says_where_and_shows_no_secret(
    revisions: Revisions, database: Database, clock: SetClock
) -> None:
    revisions.accept(community("c1"), author="lin", reason="first")
    body = community("c1").model_dump(mode="json", context={"secrets": True})
    body["cameras"][0]["main"] |= {"of_tomorrow": "hunter2", "password": ["hunter2"]}
    database.write(lambda connection: connection.execute(update(revisions_table).values(body=body)))
    with pytest.raises(StoreError, match=r"cameras\.0\.main\.of_tomorrow") as caught:
        Revisions(database, clock)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
