"""What really happened on the screens' side: the sessions of the agents, as the organisation tells them."""

from dataclasses import dataclass
from datetime import datetime


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
    def kept(self) -> bool:
        """Whether its video must be archived."""
        return self.accepted_on is not None

    @property
    def seconds(self) -> float:
        """How long its video must be: from the ringing to the end."""
        return (self.closed_on - self.called_on).total_seconds()
