"""One conversation as a person looks at it: its agents and times, and its recordings beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.errors import Absent
from capture.model.conversation import Agent, Conversation, Session
from capture.model.hold import Hold
from capture.model.identity import ConversationId, SessionId
from capture.model.ledger import LedgerEntry
from capture.model.session import Mark
from capture.model.time_text import text_of
from capture.ports import Interactions, Sessions


@dataclass(frozen=True, slots=True)
class ConversationView:
    """Composes the answer of `console/conversations/<key>`."""

    interactions: Interactions
    sessions: Sessions

    def read(self, key: str) -> dict[str, Any]:
        """Read a conversation by its id, or `recording-<id>` where there is none. Absent: nothing is known of it.

        Times are UTC in ISO 8601. When a recording of a call begins Dynamics does not say: see docs/console.md.
        """
        interaction = self.interactions.get(key)
        if interaction is None:
            raise Absent("nothing is known of this conversation")
        conversation = interaction.conversation
        sessions = conversation.sessions if conversation is not None else ()
        return {
            "key": key,
            "conversation": _conversation(conversation) if conversation is not None else None,
            "sessions": [self._session(session) for session in sorted(sessions, key=_began)],
            "recordings": [_recording(entry, conversation) for entry in interaction.recordings],
        }

    def _session(self, session: Session) -> dict[str, Any]:
        known = self.sessions.get(SessionId(session.id))
        return {
            "id": session.id,
            "agent": _agent(session.agent),
            "assigned_on": _maybe(session.assigned_on),
            "accepted_on": _maybe(session.accepted_on),
            "closed_on": _maybe(session.closed_on),
            "closure_reason": session.closure_reason,
            "participants": [
                {
                    "agent": _agent(each.agent),
                    "mode": each.mode,
                    "joined_on": _maybe(each.joined_on),
                    "left_on": _maybe(each.left_on),
                }
                for each in session.participants
            ],
            "marks": _marks(known.marks if known is not None else ()),
        }


def conversation_key(entry: LedgerEntry) -> str:
    """Name the interaction that an entry belongs to."""
    return entry.conversation_id or ConversationId(f"recording-{entry.recording_id}")


def _conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "finished": conversation.finished,
        "subject": conversation.subject,
        "channel": conversation.channel,
        "outbound": conversation.outbound,
        "started_on": _maybe(conversation.started_on),
        "closed_on": _maybe(conversation.closed_on),
        "queue": conversation.queue,
        "customer": conversation.customer,
        "call_id": conversation.call_id,
        "from_phone": conversation.from_phone,
        "to_phone": conversation.to_phone,
    }


def _recording(entry: LedgerEntry, conversation: Conversation | None) -> dict[str, Any]:
    address, screen = entry.address, entry.screen
    names = {agent.id: agent.name for agent in conversation.agents} if conversation is not None else {}
    return {
        "id": entry.recording_id,
        "created_on": text_of(entry.created_on, precise=True),
        "state": entry.state,
        "reason": entry.parked.reason if entry.parked is not None and entry.state == "parked" else None,
        "hold": _hold(entry.hold) if entry.hold is not None and entry.held else None,
        "keep_until": _maybe(entry.keep_until),
        "media_type": address.media_type if address is not None else None,
        "size": address.size if address is not None else None,
        "sha256": address.sha256 if address is not None else None,
        "copies": [
            {"node": copy.node, "archived_at": text_of(copy.archived_at), "path": copy.path, "sha256": copy.sha256}
            for copy in sorted(entry.copies)
        ],
        "screen": {
            "agent": names.get(screen.agent_id) or screen.agent_id,
            "workstation": screen.workstation,
            "session_id": screen.session_id,
            "started_at": text_of(screen.started_at, precise=True),
            "ended_at": text_of(screen.ended_at, precise=True),
            "marks": _marks(screen.marks),
        }
        if screen is not None
        else None,
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {"at": text_of(hold.at), "by": hold.by, "reason": hold.reason}


def _marks(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    return [
        {"kind": mark.kind.value, "begun_at": _maybe(mark.begun_at), "ended_at": _maybe(mark.ended_at)}
        for mark in marks
    ]


def _agent(agent: Agent | None) -> str | None:
    return (agent.name or agent.id) if agent is not None else None


def _began(session: Session) -> str:
    when = session.accepted_on or session.assigned_on
    return text_of(when) if when is not None else "~"


def _maybe(when: datetime | None) -> str | None:
    return text_of(when) if when is not None else None
