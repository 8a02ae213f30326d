"""A virtual display with something moving and a clock on it, as an agent's screen."""

import shutil
from pathlib import Path
from typing import Self

from lab.part import Part
from lab.processes import Child, NotStartedError

WIDTH, HEIGHT = 640, 480
FRAMES_PER_SECOND = 5
_FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSansMono.ttf"),
)
_SECONDS_TO_START = 30.0
_PACKAGES = {"Xvfb": "xvfb", "ffmpeg": "ffmpeg"}
"""What a display needs, and the Debian package that has it."""


def missing_packages() -> list[str]:
    """Debian packages that a display needs and that are not installed."""
    missing = [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
    return missing if _font() is not None else [*missing, "fonts-dejavu-core"]


class Display(Part):
    """A virtual display that shows a moving picture, the name of the workstation, and the time (UTC)."""

    def __init__(self, name: str, folder: Path) -> None:
        """Start the display on a number that is free; `wait` returns when the picture is on it."""
        if missing := missing_packages():
            raise NotStartedError(f"for a virtual display, apt-get install {' '.join(missing)}")
        self._name = name
        self._folder = folder
        self._number = -1
        # The X server takes the first free number and tells it, so that many of them never collide.
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"]
        self._server = Child(f"display {name}", command, folder / "display.log")
        self._picture: Child | None = None

    @property
    def name(self) -> str:
        """What DISPLAY says for programs on it."""
        return f":{self._number}"

    def wait(self) -> Self:
        """Return when it shows something; NotStartedError when it does not."""
        self._number = int(self._server.wait_for_line(r"^(\d+)$", _SECONDS_TO_START)[1])
        clock = f"drawtext=fontfile={_font()}:fontsize=32:x=20:box=1:boxborderw=6"
        scene = (
            f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FRAMES_PER_SECOND},"
            f"{clock}:y=40:text='%{{gmtime}} UTC',{clock}:y=100:text='{self._name}'"
        )
        command = ["ffmpeg", "-hide_banner", "-loglevel", "info", "-nostdin", "-re", "-f", "lavfi", "-i", scene]
        command += ["-pix_fmt", "yuv420p", "-f", "sdl2", "-window_borderless", "1", "-window_x", "0", "-window_y", "0"]
        self._picture = Child(
            f"picture {self._name}",
            [*command, self._name],
            self._folder / "picture.log",
            environ={"DISPLAY": self.name, "SDL_RENDER_DRIVER": "software", "SDL_VIDEODRIVER": "x11"},
        )
        self._picture.wait_for_line(r"frame= *[1-9]", _SECONDS_TO_START)
        return self

    def _up(self) -> Self:
        return self.wait()

    def stop(self) -> None:
        """End the picture and the display."""
        for child in (self._picture, self._server):
            if child is not None:
                child.stop(5)


def _font() -> Path | None:
    return next((font for font in _FONTS if font.exists()), None)
