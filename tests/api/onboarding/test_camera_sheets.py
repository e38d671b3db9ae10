"""A box of cameras comes as a spreadsheet, and what is wrong in it is said by line and column, all at once."""

from __future__ import annotations

import csv
import io

import pytest

from api.onboarding import guessing
from api.onboarding.camera_columns import CAMERA_COLUMNS, camera_template, detector_kinds
from api.onboarding.camera_plan import CameraPlan, Reachable, plan_cameras
from api.onboarding.camera_rows import FoundStreams
from api.onboarding.sheets import MOST_BYTES, MOST_LINES, read_sheet
from config.community import Area, Camera, Community, Detector, Name, Site, Stream
from config.secrets import Secret
from config.zones import Zone, ZoneUse
from hub.plugins import load_plugins

EVERYWHERE = Reachable(lambda _site: True, lambda _camera: True, lambda _camera: True)
GATE = Camera(
    id="gate",
    site="crossing",
    name=Name(zh="大门", en="Gate"),
    main=Stream(url="rtsp://192.0.2.1/main", username="hub", password=Secret("old-secret")),
    detectors=(Detector(kind="plates"),),
    record=False,
    zones=(Zone(id="z", use=ZoneUse.GUARDED, points=((0, 0), (1, 0), (1, 1))),),
)
THERE = Community(
    areas=(Area(id="village", name=Name(zh="村", en="Village")),),
    sites=(
        Site(id="crossing", name=Name(zh="路口", en="Crossing"), area="village"),
        Site(id="school", name=Name(zh="学校", en="School"), area="village"),
    ),
    cameras=(GATE,),
)


def plan(
    text: str | bytes,
    *,
    there: Community = THERE,
    reachable: Reachable = EVERYWHERE,
    found: dict[int, FoundStreams] | None = None,
    may_ask: bool = False,
) -> CameraPlan:
    data = text.encode() if isinstance(text, str) else text
    return plan_cameras(read_sheet(data, CAMERA_COLUMNS), there, reachable, found=found, may_ask=may_ask)


def wrong(made: CameraPlan) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.column) for mistake in made.mistakes]


def test_a_line_becomes_a_camera() -> None:
    made = plan(
        "id,name,name_en,site,area,url,sub_url,username,password,lat,lon,detectors,record,onvif\n"
        'north,"北门, 内",North,crossing,village,rtsp://192.0.2.9:8554/a?x=1,rtsp://192.0.2.9:8554/b,hub,"p,w""d",'
        "29.5,-106.25,objects fire,no,yes\n"
    )
    assert made.mistakes == ()
    (one,) = made.planned
    camera = one.camera
    assert (one.what, one.line, camera.id, camera.site) == ("add", 2, "north", "crossing")
    assert camera.name == Name(zh="北门, 内", en="North")
    assert (camera.main.url, camera.main.username) == ("rtsp://192.0.2.9:8554/a?x=1", "hub")
    assert camera.main.password == Secret('p,w"d')
    assert camera.sub is not None
    assert camera.sub.password == Secret('p,w"d')
    assert camera.location is not None
    assert (camera.location.lat, camera.location.lon) == (29.5, -106.25)
    assert [detector.kind for detector in camera.detectors] == ["objects", "fire"]
    assert camera.record is False
    assert camera.onvif is not None
    assert (camera.onvif.url, camera.onvif.password) == ("http://192.0.2.9/onvif/device_service", Secret('p,w"d'))
    assert made.applied(THERE).camera("north") == camera


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_of_offices_are_recognised(encoding: str, separator: str) -> None:
    lines = [["编号", "名称", "场所", "主码流地址", "密码"], ["a", "东门", "crossing", "rtsp://192.0.2.3/x", "密碼"]]
    text = "\r\n".join(separator.join(line) for line in lines) + "\r\n"
    made = plan(text.encode(encoding))
    assert made.mistakes == ()
    assert made.planned[0].camera.name == Name(zh="东门")
    assert made.planned[0].camera.main.password == Secret("密碼")


def test_a_line_that_names_the_separator_is_none_of_the_table() -> None:
    made = plan("sep=;\nid;site;url\na;crossing;rtsp://192.0.2.3/x\nb;;rtsp://192.0.2.4/x\n")
    assert wrong(made) == [(4, "site")]


def test_every_mistake_of_every_line_is_said_at_once() -> None:
    made = plan(
        "id,name,site,url,lat,lon,detectors,record,username,password\n"
        "Gate 1,,crossing,rtsp://192.0.2.9/a,95,1,objects,no,,\n"
        ",,nowhere,ftp://192.0.2.9/a,1,,faces,weekly,,\n"
        "b,,crossing,rtsp://u:p@192.0.2.9/b,,,,,u,p\n"
        "b,,crossing,,,,,,,env:HOME\n"
        "c,=cmd(),crossing,rtsp://192.0.2.9/c,,,,,,\n"
        "d,,crosing,rtsp://192.0.2.9:99999/c,,,,,,\n"
    )
    assert set(wrong(made)) == {
        (2, "id"), (2, "lat"), (3, "id"), (3, "site"), (3, "url"), (3, "lon"), (3, "detectors"), (3, "record"),
        (4, "url"), (5, "id"), (5, "url"), (5, "password"), (6, "name"), (7, "site"), (7, "url"),
    }  # fmt: skip
    near = next(mistake for mistake in made.mistakes if (mistake.line, mistake.column) == (7, "site"))
    assert "crossing" in near.says.en
    assert "crossing" in near.says.zh


@pytest.mark.parametrize(
    "text",
    [
        "id,site,url,password\na,crossing,rtsp://u:PLANTED@h/x@y,PLANTED\n",
        "a,crossing,rtsp://u:PLANTED@h/x,PLANTED\nb,crossing,rtsp://192.0.2.1/x,PLANTED\n",
        'id,site,url,password\na,crossing,rtsp://192.0.2.7/x,"PLANTED\n',
        "id,site,url,password\na,crossing,ftp://u:PLANTED@192.0.2.7/x,PLANTED\x01\n",
        "id,site,detectors,url,onvif\na,crossing,PLANTED,rtsp://:PLANTED@/x,ftp://u:PLANTED@h\n",
        "id,site,url,password,record,host\na,crossing,rtsp://192.0.2.7/x,env:PLANTED,PLANTED,PLANTED:PLANTED\n",
        "id,site,url,password\na,crossing,rtsp://192.0.2.7/x,1,PLANTED\n",
    ],
)
def test_a_password_never_comes_back_wherever_it_was_written(text: str) -> None:
    made = plan(text)
    assert made.mistakes
    assert "PLANTED" not in repr(made.mistakes)
    assert "PLANTED" not in repr(made)


def test_a_password_is_taken_as_it_stands_and_is_no_formula() -> None:
    made = plan("id,site,url,password\na,crossing,rtsp://192.0.2.7/x,=1+1 \n")
    assert made.mistakes == ()
    assert made.planned[0].camera.main.password == Secret("=1+1 ")


def test_a_value_kept_as_text_by_a_spreadsheet_is_that_text() -> None:
    made = plan('id,site,url\n"=""007""",crossing,rtsp://192.0.2.7/x\n')
    assert made.planned[0].camera.id == "007"


def test_what_is_there_changes_only_where_the_sheet_says_something() -> None:
    made = plan("id,name_en,url,detectors\ngate,Main gate,rtsp://192.0.2.1/other,\n")
    (one,) = made.planned
    assert (one.what, set(one.changes)) == ("change", {"name", "main"})
    assert one.camera.name == Name(zh="大门", en="Main gate")
    assert one.camera.main.password == Secret("old-secret")
    assert one.camera.zones == GATE.zones
    (same,) = plan("id,site,url\ngate,crossing,rtsp://192.0.2.1/main\n").planned
    assert same.what == "leave"
    (host,) = plan("id,host\ngate,192.0.2.1\n").planned
    assert host.what == "leave"
    (new,) = plan("id,password\ngate,new-secret\n").planned
    assert new.camera.main.password == Secret("new-secret")
    assert new.camera.main.username == "hub"


def test_a_stored_password_follows_to_no_other_host() -> None:
    made = plan("id,url\ngate,rtsp://192.0.2.66/main\n")
    assert wrong(made) == [(2, "password")]
    assert "old-secret" not in repr(made)


def test_one_address_is_one_camera() -> None:
    made = plan(
        "id,site,url\na,crossing,rtsp://192.0.2.1:554/main\nb,crossing,rtsp://192.0.2.5/x\nc,school,rtsp://192.0.2.5:554/x\n"
    )
    assert wrong(made) == [(2, "url"), (4, "url")]


def test_a_neighbours_settings_are_copied_but_not_its_zones() -> None:
    made = plan(
        "id,site,url,copy_from,detectors\n"
        "a,crossing,rtsp://192.0.2.5/x,gate,\n"
        "b,crossing,rtsp://192.0.2.6/x,a,fire\n"
        "c,crossing,rtsp://192.0.2.7/x,none,\n"
    )
    assert wrong(made) == [(4, "copy_from")]
    first, second = (each.camera for each in made.planned[:2])
    assert (first.detectors, first.record, first.zones) == (GATE.detectors, False, ())
    assert first.main.password is None
    assert [detector.kind for detector in second.detectors] == ["fire"]


def test_what_is_out_of_reach_leaves_no_trace_but_a_taken_id() -> None:
    mine = Reachable(lambda site: site == "school", lambda camera: camera.site == "school", lambda _camera: False)
    made = plan(
        "id,site,url,copy_from\n"
        "gate,school,rtsp://192.0.2.9/x,\n"
        "a,crossing,rtsp://192.0.2.8/x,\n"
        "b,school,rtsp://192.0.2.1/main,\n"
        "c,school,rtsp://192.0.2.7/x,gate\n",
        reachable=mine,
    )
    assert wrong(made) == [(2, "id"), (3, "site"), (5, "copy_from")]
    there, missing = (plan(f"id,site,url\na,{site},rtsp://h/x\n", reachable=mine) for site in ("crossing", "nowhere"))
    assert there.mistakes == missing.mistakes


def test_a_host_alone_waits_for_what_its_camera_says() -> None:
    text = "id,site,host,username,password,onvif\na,crossing,192.0.2.7,hub,pw,yes\n"
    assert wrong(plan(text)) == [(2, "url")]
    asked = plan(text, may_ask=True)
    assert [(each.line, each.host) for each in asked.unasked] == [(2, "192.0.2.7")]
    found = FoundStreams("rtsp://192.0.2.7/1", "rtsp://192.0.2.7/2", "http://192.0.2.7:8000/onvif", "Box 1")
    (one,) = plan(text, found={2: found}).planned
    assert one.camera.sub is not None
    assert one.camera.onvif is not None
    assert (one.camera.main.url, one.camera.sub.url) == ("rtsp://192.0.2.7/1", "rtsp://192.0.2.7/2")
    assert (one.camera.onvif.url, one.camera.onvif.password) == ("http://192.0.2.7:8000/onvif", Secret("pw"))
    assert one.camera.name == Name(zh="Box 1", en="Box 1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b"PK\x03\x04" + bytes(range(256)),
        b"id,site,url\n",
        b"," * 1000,
        b'"' * 1001,
        b"id," * 100 + b"\n" + b"x," * 200,
        b"a" * (MOST_BYTES + 1),
        b"id,site,url\n" + b"x,y,z\n" * (MOST_LINES + 5),
        b"id,site,url\na,crossing," + b"r" * 200_000 + b"\n",
        "id,site,url\na,crossing,rtsp://[::1/x\n".encode("utf-16-le"),
        b"id,site,url,host,onvif\na,crossing,rtsp://[::1/x,[::::1],http://[::1/\n",
    ],
)
def test_what_is_no_table_is_said_in_words(data: bytes) -> None:
    made = plan(data)
    assert made.mistakes
    assert not made.planned


def test_the_templates_are_read_as_they_are_given_out() -> None:
    for chinese in (True, False):
        text = camera_template(chinese=chinese)
        assert text.startswith(b"\xef\xbb\xbf")
        made = plan(text, may_ask=True)
        assert made.mistakes == ()
        assert [each.camera.id for each in made.planned] == ["gate-north"]
        assert [each.host for each in made.unasked] == ["192.168.1.65"]
        (head, *_) = csv.reader(io.StringIO(text.decode("utf-8-sig")))
        assert len(head) == len(CAMERA_COLUMNS)


def test_the_detectors_of_a_sheet_are_those_there_are() -> None:
    assert detector_kinds() == set(load_plugins("cameras.detectors"))


def test_a_camera_that_names_a_stream_at_another_host_gets_no_password_sent_there() -> None:
    text = "id,site,host,username,password\na,crossing,192.0.2.7:8000,hub,pw\n"
    found = FoundStreams("rtsp://192.0.2.66/1", "rtsp://192.0.2.7/2")
    (one,) = plan(text, found={2: found}).planned
    assert one.camera.sub is not None
    assert (one.camera.main.username, one.camera.main.password) == (None, None)
    assert one.camera.sub.password == Secret("pw")


def test_a_sheet_of_wrong_sites_is_guessed_at_in_bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each distinct word once, and of a sheet that is wrong in every line the first ones alone."""
    guessed: list[tuple[str, int]] = []

    def nearest(word: str, known: tuple[str, ...]) -> str | None:
        guessed.append((word, len(known)))
        return known[0]

    monkeypatch.setattr(guessing, "nearest", nearest)
    sites = tuple(Site(id=f"site-{n:04}", name=Name(zh="户", en="Home")) for n in range(2_000))
    asked: list[str] = []

    def reaches(site: str) -> bool:
        asked.append(site)
        return True

    lines = "".join(f"cam-{n},stie-{n // 2},rtsp://192.0.2.9/{n}\n" for n in range(1_000))
    made = plan(
        f"id,site,url\n{lines}",
        there=Community(sites=sites),
        reachable=Reachable(reaches, lambda _camera: True, lambda _camera: True),
    )
    assert len(made.mistakes) == 1_000
    assert len(asked) == 2_000
    assert len(guessed) == len({word for word, _ in guessed}) <= guessing.MOST_WORDS
    assert sum(count for _, count in guessed) <= guessing.MOST_COMPARED
    assert "site-0000" in made.mistakes[0].says.en
    assert "the id of one" in made.mistakes[-1].says.en


def test_of_a_cell_with_many_wrong_detectors_one_is_said() -> None:
    made = plan(f"id,site,url,detectors\na,crossing,rtsp://192.0.2.9/a,{' '.join(f'x{n}' for n in range(400))}\n")
    assert wrong(made) == [(2, "detectors")]


@pytest.mark.parametrize("url", ["http://192.0.2.1/main", "rtsp://192.0.2.1:8554/main", "rtsps://192.0.2.1/main"])
def test_a_password_follows_a_stream_to_no_other_scheme_or_port(url: str) -> None:
    assert wrong(plan(f"id,url\ngate,{url}\n")) == [(2, "password")]
    assert plan("id,url\ngate,rtsp://192.0.2.1:554/other\n").mistakes == ()


@pytest.mark.parametrize(("port", "password"), [("", Secret("old-secret")), (":9999", None)])
def test_the_password_of_the_streams_goes_to_the_usual_port_of_onvif_alone(port: str, password: Secret | None) -> None:
    made = plan(f"id,onvif\ngate,http://192.0.2.1{port}/onvif/device_service\n")
    assert made.mistakes == ()
    assert made.planned[0].camera.onvif is not None
    assert made.planned[0].camera.onvif.password == password
