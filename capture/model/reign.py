"""Who was ACTIVE, and since when: for people, never for a decision."""

from dataclasses import dataclass
from datetime import datetime

from capture.model.identity import Epoch, NodeName


@dataclass(frozen=True, slots=True, order=True)
class Reign:
    """In `epoch` the node was ACTIVE; `began_at` is by its own clock, at its first heartbeat that was seen."""

    epoch: Epoch
    node: NodeName
    began_at: datetime
