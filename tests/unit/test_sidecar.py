"""The sidecar follows its published schema."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from capture.audio.sidecar import sidecar, sidecar_schema
from capture.model.conversation import Agent, Conversation, Participant, Session
from capture.model.identity import AgentId, ConversationId, NodeName, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.model.session import Mark, MarkKind

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs" / "sidecar.schema.json").read_text())
WHEN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
COPY = Copy(WHEN, NodeName("main"), "source=contoso/r1.mp3", 3, "0" * 64, "audio/mpeg")
ENTRY = LedgerEntry(RecordingId("r1"), WHEN, ConversationId("c1"), frozenset({COPY}))
AGENT = Agent("a1", "Ann", "ann@contoso.com", "CONTOSO\\ann", "e1")
CONVERSATION = Conversation(
    ConversationId("c1"),
    WHEN,
    finished=True,
    queue="Billing",
    sessions=(Session("s1", AGENT, WHEN, WHEN, WHEN, "AgentClosed", (Participant(AGENT, "Primary", WHEN, None),)),),
)


def test_the_published_schema_is_that_of_the_code() -> None:
    assert sidecar_schema() == PUBLISHED


@pytest.mark.parametrize("conversation", [CONVERSATION, None])
def test_a_sidecar_is_valid(conversation: Conversation | None) -> None:
    document = json.loads(sidecar("contoso", ENTRY, COPY, conversation))
    jsonschema.validate(document, PUBLISHED)
    assert document["recording_id"] == "r1"
    assert document["sha256"] == "0" * 64


def test_the_schema_refuses_what_is_not_a_sidecar() -> None:
    document = json.loads(sidecar("contoso", ENTRY, COPY, None))
    del document["sha256"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, PUBLISHED)


def test_the_sidecar_of_a_screen_has_its_time_line() -> None:
    hold, invited = Mark(MarkKind.HOLD, "h1", WHEN, None), Mark(MarkKind.CONSULT, "c1", WHEN, None)
    left = Mark(MarkKind.CONSULT, "c2", None, WHEN)
    screen = ScreenTimes(SessionId("s1"), AgentId("a1"), "pc-1", WHEN, WHEN, (invited, left, hold))
    document = json.loads(sidecar("contoso", replace(ENTRY, screen=screen), COPY, None))
    jsonschema.validate(document, PUBLISHED)
    assert document["screen"]["marks"] == [
        {"kind": "consult", "id": "c1", "begun_at": "2026-11-22T09:00:00Z", "ended_at": "2026-11-22T09:00:00Z"},
        {"kind": "hold", "id": "h1", "begun_at": "2026-11-22T09:00:00Z", "ended_at": None},
    ]
