"""A desk's display shows something that moves, and its key is the one that the nodes derive."""

import subprocess
from pathlib import Path

import pytest

from lab.desk import desk_key, read_notes
from lab.display import HEIGHT, WIDTH, Display, missing_packages

needs_a_display = pytest.mark.skipif(bool(missing_packages()), reason=f"not installed: {missing_packages()}")


def _grab(display: Display) -> bytes:
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-f", "x11grab", "-i", display.name]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout  # noqa: S603 - our own command line


@needs_a_display
def test_two_displays_stand_side_by_side_and_move(tmp_path: Path) -> None:
    with Display("pc-0001", tmp_path / "one") as one, Display("pc-0002", tmp_path / "two") as two:
        assert one.name != two.name
        for display in (one, two):
            first = _grab(display)
            assert len(first) == WIDTH * HEIGHT * 3
            assert len(set(first)) > 10, "it is not black"
            assert _grab(display) != first, "it moves"


def test_a_key_is_derived_from_the_secret_and_the_name_in_any_case() -> None:
    key = desk_key("secret", "PC-0017")
    assert key == desk_key("secret", "pc-0017") == "dBTrfLuPrjNtULWyxwVs8Xp2IqdNtaLf-mpQP5hmXPo"
    assert key != desk_key("secret", "pc-0018")


def test_what_a_recorder_says_of_its_recordings_is_read_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "recorder.log"
    log.write_text(
        "2026-11-24T21:54:26.198Z INFO event=recording_begun seat=s:a part=1\n"
        "2026-11-24T21:54:26.614Z INFO event=recording_started seat=s:a part=1 after=0.50\n"
        "2026-11-24T21:54:38.520Z INFO event=recording_ended seat=s:a part=1 bytes=924784\n"
    )
    started, over = read_notes(log)
    assert (started.event, started.seat, started.part, started.after) == ("recording_started", ("s", "a"), 1, 0.5)
    assert (over.event, over.after) == ("recording_ended", None)
    assert read_notes(tmp_path / "none.log") == []
