"""Where a desktop may append its recording, and up to what: the key of a workstation is not one to fill the store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from capture.errors import Absent, TooLarge
from capture.model.board import Order
from capture.model.session import Wanted
from capture.ports import Alarm, Alarms, Clock, Staged

MOST_PARTS = 1000
"""Parts of one seat. Chosen large: it bounds a key that is misused, not a recording that breaks now and then."""
MOST_BYTES = 50 * 1024**3
"""Staged bytes of one seat, of all its parts. Chosen large for the same reason."""
_UPLOAD_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Grants:
    """Gives leave to append to one blob for an hour; with the next one, what is there by then is counted again."""

    staged: Staged
    alarms: Alarms
    clock: Clock

    def grant(self, workstation: str, order: Order, part: int) -> tuple[str, datetime]:
        """Return the address and until when it is good.

        Absent when nothing of the seat, or of this part, is wanted any more; TooLarge, and an alarm, when the seat has
        more than enough staged here.
        """
        if order.wanted is Wanted.DELETE:
            raise Absent("this session was never accepted: nothing of it is wanted")
        if any(done.part == part for done in order.archived_parts):
            raise Absent(f"part {part} is archived already")
        now = self.clock.now()
        used = self.staged.used(staged_prefix(workstation, order.session_id, order.agent_id))
        if used >= MOST_BYTES:
            text = f"{workstation} has staged {used} bytes of one session, at most {MOST_BYTES} are taken"
            self.alarms.raise_(Alarm(f"full {order.key}", now, text, order.session_id))
            raise TooLarge(text)
        until = now + _UPLOAD_LASTS
        return self.staged.address(staged_name(workstation, order.session_id, order.agent_id, part), now, until), until


def staged_prefix(workstation: str, session: str, agent: str) -> str:
    """Begin the names of all parts of one seat's recording."""
    return f"{workstation}/{session.lower()}/{agent.lower()}-"


def staged_name(workstation: str, session: str, agent: str, part: int) -> str:
    """Name the blob of one part."""
    return f"{staged_prefix(workstation, session, agent)}{part}.mp4"
