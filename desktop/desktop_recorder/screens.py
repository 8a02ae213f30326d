"""The ffmpeg command line of each platform: pure."""

import os
from collections.abc import Mapping
from pathlib import Path

from desktop_recorder.errors import SettingsError
from desktop_recorder.settings import Settings

_LOOKS = 15


def source(platform: str, screen: str, frame_rate: int, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the arguments that name the screen. `platform` is as sys.platform; SettingsError when there is none."""
    rate = str(frame_rate)
    if platform == "win32":
        return ["-f", "gdigrab", "-draw_mouse", "1", "-framerate", rate, "-i", screen or "desktop"]
    if platform == "darwin":
        # avfoundation names a video and an audio device; it gives the pixel format of its screens only when asked.
        named = f"{screen or 'Capture screen 0'}:none"
        return [
            *("-f", "avfoundation", "-capture_cursor", "1", "-pixel_format", "nv12"),
            *("-framerate", rate, "-i", named),
        ]
    if not (display := screen or environ.get("DISPLAY", "")):
        raise SettingsError(
            "screen = '': there is no DISPLAY in the environment; start in the agent's X session or set screen = ':0'"
        )
    # One picture is enough to know what an X screen is, and x11grab takes the first one after one interval of its rate:
    # looking more often than is recorded begins a tenth of a second earlier and costs next to nothing.
    early = ["-probesize", "32", "-analyzeduration", "0"]
    looks = str(max(frame_rate, _LOOKS))
    return [*early, "-f", "x11grab", "-draw_mouse", "1", "-framerate", looks, "-i", display]


def command(settings: Settings, output: Path, platform: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the whole command line.

    The video is MP4 in fragments of one second: what has been written is playable at any time, even after a crash,
    and never written again, so that it can be sent while it grows. A file that is there already is not overwritten:
    ffmpeg ends instead.
    """
    rate = str(settings.frame_rate)
    return [
        *(settings.ffmpeg, "-hide_banner", "-nostats", "-loglevel", "info", "-n"),
        *source(platform, settings.screen, settings.frame_rate, environ),
        # 4:2:0 needs even dimensions: an odd last column or row is cut.
        *("-an", "-vf", f"fps={rate},crop=trunc(iw/2)*2:trunc(ih/2)*2", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-crf", "28", "-threads", "1"),
        *("-g", rate, "-keyint_min", rate, "-sc_threshold", "0"),
        *("-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-flush_packets", "1"),
        *settings.ffmpeg_extra,
        str(output),
    ]
