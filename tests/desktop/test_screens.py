"""The command line of each platform."""

from pathlib import Path

import pytest

from desktop_recorder.errors import SettingsError
from desktop_recorder.screens import command, source
from desktop_recorder.settings import Settings

PLATFORMS = [
    ("win32", "", {}, "-f gdigrab -draw_mouse 1 -framerate 5 -i desktop"),
    ("win32", "title=Dynamics", {}, "-f gdigrab -draw_mouse 1 -framerate 5 -i title=Dynamics"),
    (
        "darwin",
        "",
        {},
        "-f avfoundation -capture_cursor 1 -pixel_format nv12 -framerate 5 -i Capture screen 0:none",
    ),
    (
        "darwin",
        "Capture screen 1",
        {},
        "-f avfoundation -capture_cursor 1 -pixel_format nv12 -framerate 5 -i Capture screen 1:none",
    ),
    (
        "linux",
        "",
        {"DISPLAY": ":7"},
        "-probesize 32 -analyzeduration 0 -f x11grab -draw_mouse 1 -framerate 15 -i :7",
    ),
    (
        "linux",
        ":0.0+100,200",
        {"DISPLAY": ":7"},
        "-probesize 32 -analyzeduration 0 -f x11grab -draw_mouse 1 -framerate 15 -i :0.0+100,200",
    ),
]


@pytest.mark.parametrize(("platform", "screen", "environ", "expected"), PLATFORMS)
def test_each_platform_has_its_own_source(platform: str, screen: str, environ: dict[str, str], expected: str) -> None:
    assert " ".join(source(platform, screen, 5, environ)) == expected


def test_an_x_screen_is_never_looked_at_less_often_than_it_is_recorded() -> None:
    assert "30" in source("linux", ":0", 30, {})


def test_without_a_display_a_person_is_told_what_to_do() -> None:
    with pytest.raises(SettingsError, match=r"screen = ''.*DISPLAY"):
        source("linux", "", 5, {})


def _settings(**more: object) -> Settings:
    known = {"nodes": ["https://main.example"], "workstation": "pc-1", "key": "k", "user": "kim"}
    return Settings.model_validate({**known, "spool": "/spool", "log_file": "/log", **more})


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_every_platform_writes_fragments_of_a_second_for_any_player(platform: str) -> None:
    words = command(_settings(frame_rate=7), Path("out.mp4"), platform, {"DISPLAY": ":0"})
    assert words[-1] == "out.mp4"
    for name, value in (
        ("-g", "7"),
        ("-pix_fmt", "yuv420p"),
        ("-c:v", "libx264"),
        ("-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
        ("-vf", "fps=7,crop=trunc(iw/2)*2:trunc(ih/2)*2"),
    ):
        assert words[words.index(name) + 1] == value


def test_extra_arguments_come_last_and_so_win() -> None:
    words = command(_settings(ffmpeg_extra=["-crf", "35"]), Path("out.mp4"), "linux", {"DISPLAY": ":0"})
    assert words[-3:] == ["-crf", "35", "out.mp4"]
