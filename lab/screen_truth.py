"""What really happened on the screens' side: the sessions of the agents, as the organisation tells them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

type Key = tuple[str, str]
"""A seat: session and agent."""


@dataclass(frozen=True, slots=True)
class TrueSession:
    """One agent's session, ended. `accepted_on` None: it rang in vain, and nothing of it may be kept."""

    session_id: str
    agent_id: str
    conversation_id: str
    called_on: datetime
    accepted_on: datetime | None
    closed_on: datetime

    @property
    def key(self) -> Key:
        """Session and agent."""
        return self.session_id, self.agent_id

    @property
    def kept(self) -> bool:
        """Whether its video must be archived."""
        return self.accepted_on is not None

    @property
    def seconds(self) -> float:
        """How long its video must be: from the ringing to the end."""
        return (self.closed_on - self.called_on).total_seconds()


def ended(told: Iterable[Mapping[str, Any]]) -> list[TrueSession]:
    """Read what the organisation tells of the sessions that have ended; of the others nothing is due yet."""
    return [
        TrueSession(
            session_id=one["session_id"],
            agent_id=one["agent_id"],
            conversation_id=one["conversation_id"],
            called_on=datetime.fromisoformat(one["called_on"]),
            accepted_on=datetime.fromisoformat(one["accepted_on"]) if one["accepted_on"] else None,
            closed_on=datetime.fromisoformat(one["closed_on"]),
        )
        for one in told
        if one["closed_on"]
    ]
