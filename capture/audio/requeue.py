"""A person asks again for a parked recording, or for a queue message that came to nothing."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from capture.audio.finish import Finisher
from capture.errors import Malformed
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.model.time_text import text_of
from capture.ports import Ledger, Queue, State

_AHEAD_SECONDS = 5.0
"""How long a message is hidden in its queue: by then it is off the list, to which it may have to come back."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """The use case behind the calls about parked recordings; works on either node.

    A message that was rejected is on the list of the node that rejected it. `queues` are that node's, by their names.
    """

    node: NodeName
    ledger: Ledger
    state: State
    finisher: Finisher
    queues: Mapping[str, Queue]

    def listed(self) -> list[dict[str, str]]:
        """List what is parked and not archived, with the reasons. Times are UTC in ISO 8601.

        Then the messages that came to nothing, each with its `queue`, under an id of its own, and when that was.
        """
        parked = [_line(each.recording_id, each.created_on, each.reason) for each in self.state.parked()]
        messages = [
            _line(each.id, each.at, each.reason) | {"queue": each.queue} for each in self.state.rejected_messages()
        ]
        return parked + messages

    def run(self, recording_id: str) -> dict[str, str]:
        """Take a parked recording up again, or a message. Malformed when none of that id is on the list.

        The first is a fact which both nodes hear, so the ACTIVE one assigns it with its next sweep, whichever it is.
        The second is in its queue again within seconds, as it was.
        """
        if (queue := self._requeued(recording_id)) is not None:
            return {"recording_id": recording_id, "state": "queued", "queue": queue}
        found = next((parked for parked in self.state.parked() if parked.recording_id == recording_id), None)
        entry = self.ledger.get(found.recording_id, found.created_on) if found is not None else None
        if entry is None:
            raise Malformed("no parked recording has this id: GET /api/parked lists them")
        self.finisher.reopen(entry)
        emit(Event.RECORDING_REQUEUED, logging.WARNING, node=self.node, recording=entry.recording_id)
        return {"recording_id": entry.recording_id, "state": "open"}

    def _requeued(self, message_id: str) -> str | None:
        found = next((each for each in self.state.rejected_messages() if each.id == message_id), None)
        body = self.state.rejected_body(found) if found is not None else None
        if found is None or body is None:
            return None
        name = found.queue.removesuffix("-poison")
        queue = self.queues.get(name)
        if queue is None:
            raise Malformed(f"a message of {found.queue!r} cannot be queued again: this node has no such queue")
        queue.send(body, delay=_AHEAD_SECONDS)
        self.state.forget_rejected(found)
        emit(Event.MESSAGE_REQUEUED, node=self.node, queue=name)
        return name


def _line(name: str, at: datetime, reason: str) -> dict[str, str]:
    return {"recording_id": name, "created_on": text_of(at), "reason": reason}
