"""What a person should look at, by HTTP."""

from dataclasses import dataclass

from capture.model.time_text import text_of
from capture.ports import Alarms

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class RaisedAlarms:
    """The use case behind `GET /api/alarms`: those of this node; the other one has its own."""

    alarms: Alarms

    def listed(self) -> list[dict[str, str]]:
        """List what is raised, in the order of the keys, at most 10,000. `since` is UTC in ISO 8601."""
        return [
            {
                "key": alarm.key,
                "text": alarm.text,
                "since": text_of(alarm.at),
            }
            for alarm in self.alarms.listed(_MOST)
        ]
