"""A zone tried over what a real worker saw of a real stream, in one piece: seen, traced, drawn, tried."""

from __future__ import annotations

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from cameras.traces.keeping import TRACES, Traces
from config.community import Detector
from hub.access import Role
from tests.browser.conftest import MakeVisit
from tests.fakes.clips import write_clip
from tests.fakes.waiting import until
from tests.fakes.watched_village import PASSWORD, village

REAL = (sys.executable, "-m", "cameras.worker")
_SEEN_S = 90.0
"""For a worker that starts on a busy machine, and twenty seconds of its trace."""


@pytest.mark.timeout(300)
def test_a_zone_is_tried_over_what_a_worker_saw(tmp_path: Path, visit: MakeVisit) -> None:
    """A block crosses the yard in 13 s, over and over; the gate is armed, and nobody has drawn a zone yet."""
    clip = write_clip(tmp_path / "yard.mp4", seconds=13, fps=10, width=960, height=540, moves_from_s=0)
    with village(tmp_path, fps=10, main=clip.name, command=REAL, detectors=(Detector(kind="movers"),)) as there:
        chief = there.sign_up("chief", Role.ADMINISTRATOR)
        assert chief.put("/sites/crossing/arming", json={"armed": True}).status_code == 200
        traces = Traces(tmp_path / "data" / TRACES)
        until(lambda: traces.size_bytes("cam-1") > 0, timeout_s=_SEEN_S, what="a trace of the moving block")

        editor = visit(there.hub.url)
        page = editor.sign_in("chief", PASSWORD, "/desk/zones/cam-1")
        canvas = page.locator("svg.canvas")
        expect(canvas).to_be_visible()
        expect(page.get_by_text("现在没有画面")).to_have_count(0)
        page.get_by_role("button", name="画区域", exact=True).click()
        box = canvas.bounding_box()
        assert box is not None
        for x, y in ((0.02, 0.3), (0.98, 0.3), (0.98, 0.98), (0.02, 0.98)):
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.keyboard.press("Enter")
        page.locator("input[name=name-zh]").fill("后院")
        page.locator("input[name=name-zh]").press("Tab")
        page.get_by_role("button", name="用最近 24 小时试一试").click()
        found = page.locator(".found")
        expect(found).to_contain_text("有未识别目标活动", timeout=120_000)
        expect(found).to_contain_text("后院")
        editor.picture("zones-seen-zh")

        # The same at an hour that was not: nobody would have been told.
        at = there.hub.parts.clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
        begin, end = f"{(at.hour + 6) % 24:02d}:00", f"{(at.hour + 7) % 24:02d}:00"
        page.get_by_role("button", name="加一个时段").click()
        page.get_by_label("从", exact=True).fill(begin)
        page.get_by_label("到", exact=True).fill(end)
        page.get_by_label("到", exact=True).press("Tab")
        expect(page.locator(".limits")).to_contain_text(begin)
        page.get_by_role("button", name="用最近 24 小时试一试").click()
        expect(found).to_contain_text("告警没有变化", timeout=120_000)
        editor.picture("zones-hours-zh")
        assert editor.faults() == []
        page.get_by_role("button", name="保存", exact=True).click()
        expect(page.get_by_text("没有改动")).to_be_visible()
        (saved,) = chief.get("/cameras/cam-1").json()["zones"]
        assert [each["between"] for each in saved["hours"]] == [f"{begin}-{end}".replace("-00:00", "-24:00")]
        page.goto("about:blank")  # before its hub ends
        chief.close()
