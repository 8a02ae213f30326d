"""The independent check of the screens: every kept session has its video, once, and of a missed one nothing is left.

It compares the truth of the organisation with both accounts, read with Azure's own library; nothing of the product.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from azure.storage.blob import ContainerClient

from lab.screen_truth import Key, TrueSession
from lab.stored import ARCHIVE, StoredRecording, read_archive
from lab.video import Video, look_at

STAGING = "screens"
"""Container of what the workstations upload, in every node's account."""

LENGTH_TOLERANCE_SECONDS = 3.0
_PREFIX = "screen-"


@dataclass(slots=True)
class ScreenFindings:
    """What the check found; `problems` has a line for whatever the other lists do not say."""

    sessions: int = 0
    kept: list[Key] = field(default_factory=list)
    deleted: list[Key] = field(default_factory=list)
    missing: list[Key] = field(default_factory=list)
    wrong_length: dict[Key, str] = field(default_factory=dict)
    duplicates: list[Key] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    videos: dict[str, Video] = field(default_factory=dict)
    archived_by: dict[str, int] = field(default_factory=dict)
    left_in_staging: list[str] = field(default_factory=list)
    """Of kept sessions: begun at a node that went away, archived by the other one; removed after an hour."""

    @property
    def good(self) -> bool:
        """Nothing is missing and nothing is wrong."""
        return not (self.missing or self.wrong_length or self.duplicates or self.problems)


def screens_in(stored: Iterable[StoredRecording]) -> dict[Key, list[StoredRecording]]:
    """Sort the videos of an archive by session and agent; what is not named like one is left out."""
    found: dict[Key, list[StoredRecording]] = {}
    for one in stored:
        if one.recording_id.startswith(_PREFIX) and one.path.endswith(".mp4"):
            name = one.recording_id.removeprefix(_PREFIX).rpartition("-")[0]
            session, agent = name[:36], name[37:]  # both are guids
            found.setdefault((session, agent), []).append(one)
    return found


def staged(connection_string: str) -> list[str]:
    """Names of what lies in the staging area of an account."""
    with ContainerClient.from_connection_string(connection_string, STAGING) as container:
        return sorted(container.list_blob_names()) if container.exists() else []


def unfinished_screens(truth: Sequence[TrueSession], stores: Mapping[str, str]) -> int:
    """Count kept sessions without a video in any archive, and what is staged of others. Cheap: reads no video."""
    names: list[str] = []
    for store in stores.values():
        with ContainerClient.from_connection_string(store, ARCHIVE) as container:
            names += [name for name in container.list_blob_names() if name.endswith(".mp4")]
    open_ones = sum(
        not any(f"{_PREFIX}{one.session_id}-{one.agent_id}" in name for name in names) for one in truth if one.kept
    )
    kept = {one.key for one in truth if one.kept}
    return open_ones + sum(_staged_key(name) not in kept for store in stores.values() for name in staged(store))


def check_screens(
    truth: Sequence[TrueSession],
    stores: Mapping[str, str],
    *,
    audio: Mapping[str, str] | None = None,
    withheld: Mapping[str, float] | None = None,
) -> ScreenFindings:
    """Compare the truth with the accounts of the nodes, given as connection strings by node name.

    With `audio` (conversation id by id of an audio recording) the audio must lie in the same folders. `withheld` are
    conversations of which webhooks were withheld, with the seconds that their videos may be too long or too short.
    """
    findings = ScreenFindings(sessions=len(truth), archived_by=dict.fromkeys(stores, 0))
    stored: list[StoredRecording] = []
    for node, store in stores.items():
        archive = read_archive(node, store)
        stored += archive.recordings
        findings.problems += [f"{node}: {stray} does not belong into the archive" for stray in archive.strays]
        _check_staging(node, store, {one.key for one in truth if one.kept}, findings)
    screens = screens_in(stored)
    wanted = {one.key: one for one in truth}
    findings.problems += [
        f"{key}: a video of a session that never was" for key in sorted(screens.keys() - wanted.keys())
    ]
    for key, one in wanted.items():
        parts = sorted(screens.get(key, ()), key=lambda part: part.recording_id)
        if one.kept:
            tolerance = (withheld or {}).get(one.conversation_id, LENGTH_TOLERANCE_SECONDS)
            _check_kept(one, parts, stores, findings, tolerance)
        elif parts:
            findings.problems += [f"{part.path} at {part.node}: of a session that nobody accepted" for part in parts]
        else:
            findings.deleted.append(key)
    findings.problems += _beside_the_audio(truth, stored, audio or {})
    return findings


def _staged_key(name: str) -> Key:
    _, session, file = (*name.split("/"), "", "")[:3]
    return session, file.removesuffix(".mp4").rpartition("-")[0]


def _check_staging(node: str, store: str, kept: Collection[Key], findings: ScreenFindings) -> None:
    for name in staged(store):
        if _staged_key(name) in kept:
            findings.left_in_staging.append(f"{node}: {name}")
        else:
            findings.problems.append(f"{node}: {name} is left in staging, and nobody accepted that call")


def _check_kept(
    one: TrueSession,
    parts: Sequence[StoredRecording],
    stores: Mapping[str, str],
    findings: ScreenFindings,
    tolerance: float,
) -> None:
    if not parts:
        findings.missing.append(one.key)
        return
    findings.kept.append(one.key)
    if len({part.recording_id for part in parts}) < len(parts):
        findings.duplicates.append(one.key)
    seconds = 0.0
    for part in {part.recording_id: part for part in parts}.values():
        findings.archived_by[part.node] += 1
        video = _video(part, stores[part.node])
        findings.videos[part.recording_id] = video
        seconds += video.seconds
        findings.problems += [f"{part.recording_id} at {part.node}: {what}" for what in _wrong(one, part, video)]
    if abs(seconds - one.seconds) > tolerance:
        findings.wrong_length[one.key] = f"{seconds:.1f} s of video, {one.seconds:.1f} s of session"


def _video(part: StoredRecording, store: str) -> Video:
    with tempfile.TemporaryDirectory() as folder:
        return look_at(fetch(part, store, Path(folder)))


def fetch(part: StoredRecording, store: str, folder: Path) -> Path:
    """Download an archived video into a folder."""
    file = folder / f"{part.recording_id}.mp4"
    with ContainerClient.from_connection_string(store, ARCHIVE) as container, file.open("wb") as out:
        container.download_blob(part.path).readinto(out)
    return file


def _wrong(one: TrueSession, part: StoredRecording, video: Video) -> Iterator[str]:
    if video.error:
        yield f"does not play: {video.error}"
    if part.conversation_id != one.conversation_id:
        yield f"lies under conversation={part.conversation_id}"
    if part.sidecar is None:
        yield "has no sidecar"
        return
    if (part.sidecar.get("sha256"), part.sidecar.get("size")) != (part.sha256, part.size):
        yield "the sidecar tells of other bytes"
    screen = part.sidecar.get("screen") or {}
    if (screen.get("session_id"), screen.get("agent_id")) != (one.session_id, one.agent_id):
        yield f"the sidecar says session {screen.get('session_id')} of agent {screen.get('agent_id')}"


def _beside_the_audio(
    truth: Sequence[TrueSession], stored: Sequence[StoredRecording], audio: Mapping[str, str]
) -> Iterator[str]:
    where = {one.recording_id: one.conversation_id for one in stored}
    heard = {conversation for recording, conversation in audio.items() if where.get(recording) == conversation}
    for one in truth:
        if audio and one.kept and one.conversation_id not in heard:
            yield f"{one.session_id}: no audio under conversation={one.conversation_id}"
