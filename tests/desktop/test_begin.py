"""A part is noted before its recording begins, and dropped again when it cannot begin."""

from pathlib import Path

import pytest

from desktop_recorder import screen
from desktop_recorder.boards import Order, Wanted
from desktop_recorder.screen import Screen
from desktop_recorder.settings import Settings
from desktop_recorder.spool import Spool

ORDER = Order(session_id="s1", agent_id="ann", wanted=Wanted.RECORD)


def test_the_part_is_on_disk_before_ffmpeg_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        nodes=("https://a",),
        workstation="pc-1",
        key="k",
        user="u",
        spool=tmp_path,
        log_file=tmp_path / "l",
        screen=":0",
    )
    spool, noted = Spool(tmp_path), []

    def starts(_: object, output: Path) -> None:
        known = Spool(tmp_path).read("s1:ann")  # as the next run reads it
        assert known is not None
        noted.append([spool.file(known, part.number) for part in known.parts] == [output])
        raise OSError("no more processes")

    monkeypatch.setattr(screen, "Recording", starts)
    spool.add(ORDER)
    seat = spool.read("s1:ann")
    assert seat is not None
    Screen(settings, spool).tend(seat)
    after = spool.read("s1:ann")
    assert noted == [True]
    assert after is not None
    assert (after.parts, after.failed) == ([], "no more processes")
