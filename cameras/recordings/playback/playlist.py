"""Play-lists: HLS (RFC 8216) over recorded files, by byte ranges, for phones, browsers and our own page.

Every run has an init part and a time of its own, so a discontinuity stands between two, and each says by its first
picture's time when it was taken: a player seeks by the clock, and a gap is seen as a jump of it. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cameras.recordings.playback.spans import Run, groups_of

MEDIA_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Entry:
    """A run in a play-list.

    Attributes:
        run: What is played.
        address: Of a file that begins with what is needed to play, the run's fragments right behind it.
        init_bytes: Length of what stands before the fragments.
        codecs: As a browser is asked whether it plays them.
    """

    run: Run
    address: str
    init_bytes: int
    codecs: str


def playlist_of(entries: Sequence[Entry], *, aim_s: float) -> str:
    """The play-list of some runs, in order.

    Args:
        entries: What is played; none gives a list without a part.
        aim_s: How long parts should be; each is cut at the next key picture.
    """
    lines: list[str] = []
    longest_ms = 1000
    for number, entry in enumerate(entries):
        run, place = entry.run, entry.init_bytes
        if number:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += [
            # Comments, which players skip: what a browser is asked with, and when the file's own time was 0.
            f"#CODECS:{entry.codecs}",
            f"#ZERO:{_time(run.segment.head.began)}",
            f'#EXT-X-MAP:URI="{entry.address}",BYTERANGE="{place}@0"',
            f"#EXT-X-PROGRAM-DATE-TIME:{_time(run.began)}",
        ]
        groups = list(groups_of(run.marks, at_least_ms=round(aim_s * 1000)))
        begins = [group[0].at_ms for group in groups] + [run.marks[0].at_ms + run.duration_ms]
        for which, group in enumerate(groups):
            size_bytes = sum(mark.size_bytes for mark in group)
            lasts_ms = begins[which + 1] - begins[which]
            longest_ms = max(longest_ms, lasts_ms)
            lines += [f"#EXTINF:{lasts_ms / 1000:.3f},", f"#EXT-X-BYTERANGE:{size_bytes}@{place}", entry.address]
            place += size_bytes
    head = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        # Rounded to the nearest by the standard; up, for players that take it as a limit.
        f"#EXT-X-TARGETDURATION:{math.ceil(longest_ms / 1000)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    return "\n".join([*head, *lines, "#EXT-X-ENDLIST", ""])


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
