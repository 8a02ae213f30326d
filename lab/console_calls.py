"""A call with a hold, a transfer and the screen of its agent, put into the stores of a node for the console to show."""

import subprocess
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from capture.connection import StorageConnection
from capture.model.catalogue import finding
from capture.model.conversation import Agent, Conversation, Session
from capture.model.identity import AgentId, ConversationId, NodeName, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.model.path import stem
from capture.model.session import AgentSession, Mark, MarkKind
from capture.storage.stores import Names, OwnStore, open_own_store
from lab.dynamics.media import SAMPLES
from lab.organisation import SOURCE
from lab.stored import ARCHIVE

_SECONDS = 60
_FILTER = f"testsrc2=size=640x360:rate=10:duration={_SECONDS - 10}"


@dataclass(frozen=True, slots=True)
class ShownCall:
    """What was put there."""

    conversation_id: str
    agent: str
    audio_id: str
    screen_id: str


def put_call(connection_string: str, node: str) -> ShownCall:
    """Archive speech and a film of a screen as one conversation of a minute that has just ended."""
    store = open_own_store(
        StorageConnection("OWN_STORAGE", connection_string=connection_string),
        Names("console-call", "coordination", ARCHIVE, "ingest", "watermark"),
    )
    store.ensure()
    ended = datetime.now(UTC).replace(microsecond=0)
    began = ended - timedelta(seconds=_SECONDS)
    talk = ConversationId(str(uuid.uuid4()))
    agents = Agent(str(uuid.uuid4()), "Hanna Berg"), Agent(str(uuid.uuid4()), "Tomás Silva")
    halves = (began, began + timedelta(seconds=35)), (began + timedelta(seconds=35), ended)
    ids = SessionId(str(uuid.uuid4())), SessionId(str(uuid.uuid4()))
    sessions = tuple(
        Session(name, agent, accepted_on=start, closed_on=end, closure_reason=why)
        for name, agent, (start, end), why in zip(
            ids, agents, halves, ("AgentTransferred", "CustomerDisconnect"), strict=True
        )
    )
    conversation = Conversation(
        talk,
        ended,
        finished=True,
        started_on=began,
        closed_on=ended,
        queue="Complaints",
        customer="Rosa Lind",
        from_phone="+15550107788",
        to_phone="+18005550100",
        sessions=sessions,
    )
    hold = Mark(MarkKind.HOLD, "hold-1", began + timedelta(seconds=12), began + timedelta(seconds=19))
    moved = Mark(MarkKind.TRANSFER, "transfer-1", halves[1][0], halves[1][0])
    store.sessions.merge(AgentSession(ids[0], talk, created_on=began, closed_on=halves[0][1], marks=(hold, moved)))
    screen = ScreenTimes(
        ids[0], AgentId(agents[0].id), "DESK-7", began + timedelta(seconds=2), ended - timedelta(seconds=8), (hold,)
    )
    call = (SAMPLES / "complaint.mp3").read_bytes()
    audio = _put(store, node, conversation, call, "audio/mpeg", ended, None)
    film = _put(store, node, conversation, _film(), "video/mp4", ended, screen)
    return ShownCall(talk, agents[0].name or "", audio, film)


def _put(
    store: OwnStore,
    node: str,
    conversation: Conversation,
    data: bytes,
    media_type: str,
    created_on: datetime,
    screen: ScreenTimes | None,
) -> str:
    recording = RecordingId(str(uuid.uuid4()) if screen is None else f"screen-{screen.session_id}-{uuid.uuid4()}")
    extension = "mp3" if media_type == "audio/mpeg" else "mp4"
    path = f"{stem(SOURCE, recording, created_on, conversation.id)}.{extension}"
    copy = Copy(created_on, NodeName(node), path, len(data), sha256(data).hexdigest(), media_type)
    entry = LedgerEntry(recording, created_on, conversation.id, frozenset({copy}), screen=screen)
    upload = store.archive.upload(path)
    upload.write(data)
    upload.commit(copy, entry, None)
    store.interactions.add(entry, conversation)
    store.catalogue.add(finding(entry, conversation))
    store.ledger.merge(entry)
    return recording


def _film() -> bytes:
    """Film a test picture, in the same form of mp4 as the recorder of a workstation."""
    command = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", _FILTER, "-pix_fmt", "yuv420p", "-g", "10"]
    command += [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-movflags",
        "+frag_keyframe+empty_moov+default_base_moof",
        "-f",
        "mp4",
        "-",
    ]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout
