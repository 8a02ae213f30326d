"""A virtual display for all tests, two nodes and a workstation for each."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.desk import Desk, needed
from tests.desktop.pair import SmallNode, two_nodes


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Run an X server with odd dimensions, which H.264 in 4:2:0 cannot have."""
    xvfb = needed("Xvfb", "xvfb")
    needed("ffmpeg", "ffmpeg")
    reading, writing = os.pipe()
    command = [xvfb, "-displayfd", str(writing), "-screen", "0", "801x601x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not come up"
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def nodes() -> Iterator[tuple[SmallNode, SmallNode]]:
    with two_nodes() as both:
        yield both


@pytest.fixture
def desk(nodes: tuple[SmallNode, SmallNode], display: str, tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path, [node.url for node in nodes], display)
    yield one
    one.kill()
