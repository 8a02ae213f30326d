"""Where in the archive a recording lives: a pure function of its ids, Hive-style, so that it reads as a table."""

import re
from datetime import UTC, datetime

from capture.model.identity import ConversationId, RecordingId

_UNSAFE = re.compile(r"[^a-z0-9._-]+")


def stem(source: str, recording_id: RecordingId, created_on: datetime, conversation_id: ConversationId | None) -> str:
    """Path of a recording without its extension. `created_on` is read in UTC; ids are made safe for a blob name."""
    day = created_on.astimezone(UTC)
    return (
        f"source={_safe(source)}/year={day:%Y}/month={day:%m}/day={day:%d}"
        f"/conversation={_safe(conversation_id or 'none')}/{_safe(recording_id)}"
    )


def _safe(part: str) -> str:
    # Dots stay inside a name but never make a name of their own: "." and ".." would be path segments.
    return _UNSAFE.sub("-", part.lower()).strip(".-") or "unnamed"
