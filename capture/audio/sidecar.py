"""The JSON document beside each recording. Its schema is published in docs/sidecar.schema.json."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.model.time_line import time_line


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Everything a reader of the archive needs to know of a recording without asking anybody. Times are UTC."""

    version: Literal[1]
    source: str
    recording_id: RecordingId
    conversation_id: ConversationId | None
    created_on: datetime
    archived_at: datetime
    archived_by: NodeName
    path: str
    size: int
    sha256: str
    media_type: str
    conversation: Conversation | None
    screen: ScreenTimes | None = None


_adapter = TypeAdapter(Sidecar)


def sidecar(source: str, entry: LedgerEntry, copy: Copy, conversation: Conversation | None) -> bytes:
    """Write the document of one copy as UTF-8 JSON."""
    return _adapter.dump_json(
        Sidecar(
            version=1,
            source=source,
            recording_id=entry.recording_id,
            conversation_id=entry.conversation_id,
            created_on=entry.created_on,
            archived_at=copy.archived_at,
            archived_by=copy.node,
            path=copy.path,
            size=copy.size,
            sha256=copy.sha256,
            media_type=copy.media_type,
            conversation=conversation,
            screen=_readable(entry.screen),
        ),
        indent=2,
    )


def _readable(screen: ScreenTimes | None) -> ScreenTimes | None:
    return replace(screen, marks=time_line(screen.marks)) if screen is not None else None


def sidecar_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of the document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_adapter.json_schema(mode="serialization"),
    }
