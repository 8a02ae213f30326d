"""The check of the screens sees a missing, a short, a double, a stray and a misplaced video."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from lab.azurite import Azurite
from lab.screen_check import STAGING, check_screens, unfinished_screens
from lab.screen_truth import TrueSession
from lab.stored import ARCHIVE
from lab.video import frame_of, look_at

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

BEGAN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AGENT = "aaaaaaaa-0000-4000-8000-000000000001"
CONVERSATION = "cccccccc-0000-4000-8000-000000000001"


def _truth(number: int, *, seconds: float = 6, accepted: bool = True) -> TrueSession:
    return TrueSession(
        session_id=f"dddddddd-0000-4000-8000-{number:012}",
        agent_id=AGENT,
        conversation_id=CONVERSATION,
        called_on=BEGAN,
        accepted_on=BEGAN + timedelta(seconds=2) if accepted else None,
        closed_on=BEGAN + timedelta(seconds=seconds),
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, fragmented as the desktop recorder writes them."""
    file = tmp_path_factory.mktemp("film") / "six.mp4"
    made = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5", "-t", "6", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error", *made, "-movflags", "frag_keyframe+empty_moov+default_base_moof", str(file)]
    subprocess.run(command, check=True, timeout=60)  # noqa: S603 - our own command line
    return file


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite("omniscreens", tmp_path_factory.mktemp("azurite")) as azurite:
        yield azurite


@pytest.fixture
def store(emulator: Azurite) -> str:
    for name in (ARCHIVE, STAGING):
        with ContainerClient.from_connection_string(emulator.connection_string, name) as container:
            try:
                container.create_container()
            except ResourceExistsError:
                for blob in container.list_blob_names():
                    container.delete_blob(blob)
    return emulator.connection_string


def _archive(store: str, one: TrueSession, content: bytes, *, part: int = 1, conversation: str = CONVERSATION) -> None:
    recording = f"screen-{one.session_id}-{one.agent_id}-{part}"
    path = f"source=contoso/year=2026/month=11/day=24/conversation={conversation}/{recording}"
    screen = {"session_id": one.session_id, "agent_id": one.agent_id}
    sidecar = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "screen": screen}
    with ContainerClient.from_connection_string(store, ARCHIVE) as container:
        container.upload_blob(f"{path}.mp4", content)
        container.upload_blob(f"{path}.json", json.dumps(sidecar))


def test_a_video_is_as_long_as_its_packets_and_plays(film: Path, tmp_path: Path) -> None:
    video = look_at(film)
    assert (video.error, video.seconds, video.frames, video.width) == ("", 6.0, 30, 160)
    assert frame_of(film, 1, tmp_path / "frame.png")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    assert look_at(broken).error


def test_all_is_well(store: str, film: Path) -> None:
    kept, missed = _truth(1), _truth(2, accepted=False)
    _archive(store, kept, film.read_bytes())
    assert unfinished_screens([kept, missed], {"main": store}) == 0
    with ContainerClient.from_connection_string(store, STAGING) as container:
        container.upload_blob(f"pc-0001/{kept.session_id}/{AGENT}-1.mp4", b"begun at a node that went away")
    assert unfinished_screens([kept, missed], {"main": store}) == 0
    findings = check_screens([kept, missed], {"main": store})
    assert findings.good, findings
    assert findings.left_in_staging == [f"main: pc-0001/{kept.session_id}/{AGENT}-1.mp4"]
    assert (findings.sessions, findings.kept, findings.deleted) == (2, [kept.key], [missed.key])


def test_what_is_wrong_is_told(store: str, film: Path) -> None:
    missing, longer, missed, elsewhere = _truth(3), _truth(4, seconds=20), _truth(5, accepted=False), _truth(6)
    for one in (longer, missed):
        _archive(store, one, film.read_bytes())
    _archive(store, elsewhere, film.read_bytes(), conversation="other")
    with ContainerClient.from_connection_string(store, STAGING) as container:
        container.upload_blob(f"pc-0001/{missed.session_id}/{AGENT}-1.mp4", b"left")
    truth = [missing, longer, missed, elsewhere]
    assert unfinished_screens(truth, {"main": store}) == 2
    findings = check_screens(truth, {"main": store}, audio={"audio-1": CONVERSATION})
    assert findings.missing == [missing.key]
    assert findings.wrong_length == {longer.key: "6.0 s of video, 20.0 s of session"}
    told = "\n".join(findings.problems)
    assert "that nobody accepted" in told
    assert "is left in staging" in told
    assert "lies under conversation=other" in told
    assert "no audio under" in told
    assert findings.deleted == []


def test_two_parts_make_one_video_and_two_copies_are_double(store: str, film: Path) -> None:
    whole, double = _truth(7, seconds=12), _truth(8)
    for part in (1, 2):
        _archive(store, whole, film.read_bytes(), part=part)
    _archive(store, double, film.read_bytes())
    findings = check_screens([whole, double], {"main": store, "peer": store})
    assert findings.wrong_length == {}
    assert double.key in findings.duplicates, "both nodes have it"


def test_what_was_withheld_may_be_shorter(store: str, film: Path) -> None:
    one = _truth(9, seconds=16)
    _archive(store, one, film.read_bytes())
    assert check_screens([one], {"main": store}).wrong_length
    assert check_screens([one], {"main": store}, withheld={CONVERSATION: 15}).good
