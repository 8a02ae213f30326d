"""The webhook side (RIS). What is answered with 202 is kept durably first; then it is applied at once.

The message waits hidden in the node's own queue while this process applies it, and is deleted after that. When the
process is killed, or has too much to do, the message appears again and the queue's function applies it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capture.errors import CaptureError, Stranger, TooLarge
from capture.events import Event, emit
from capture.messages import RowRef, ScreenFact, screen_facts
from capture.model.identity import NodeName
from capture.ports import Clock, Queue
from capture.redundancy.notifications import LARGEST_BODY
from capture.screen.background import Background
from capture.screen.counts import Counts
from capture.screen.keys import check_header

HIDDEN_SECONDS = 10.0
"""How long the process that has heard a fact has it to itself."""

type Parse = Callable[[bytes, Mapping[str, str], NodeName, datetime], Sequence[ScreenFact]]
"""Reads the facts in a webhook, none if it is of another table or message; Malformed says why it is no webhook."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes webhooks in. `ready` makes sure that the queue is there; `apply` is what is done with a fact."""

    node: NodeName
    queue: Queue
    parse: Parse
    apply: Callable[[ScreenFact], None]
    background: Background
    ready: Callable[[], None]
    counts: Counts
    clock: Clock
    limit_bytes: int
    header_secrets: Sequence[str]

    def by_header(self, body: bytes, headers: Mapping[str, str]) -> dict[str, int]:
        """Take a webhook of a sender that shows the header secret; Stranger when it does not."""
        try:
            check_header(headers, self.header_secrets)
        except Stranger as error:
            emit(Event.STRANGER_REFUSED, logging.WARNING, node=self.node, why=error)
            raise
        return self.receive(body, headers)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> dict[str, int]:
        """Keep what a webhook says and return how many facts that were; 0: it was of no concern.

        TooLarge beyond the limit, Malformed when it is no webhook; any other error means that it cannot be kept: then
        the sender must try again.
        """
        began = self.clock.monotonic()
        if len(body) > self.limit_bytes:
            raise TooLarge(f"the body has {len(body)} bytes, at most {self.limit_bytes} are read")
        facts = self.parse(body, headers, self.node, self.clock.now())
        if not facts:
            self.counts.add("ignored")
            emit(Event.SCREEN_EVENT_IGNORED, node=self.node)
        # All of them before any is applied: the answer says that nothing of it is lost.
        held = [(fact, self._keep(fact, began)) for fact in facts]
        for fact, message in held:
            self._apply_soon(fact, message)
        return {"kept": len(held)}

    def _keep(self, fact: ScreenFact, began: float) -> str:
        self.ready()
        held = self.queue.hold(as_message(fact), HIDDEN_SECONDS)
        self.counts.add("kept")
        session = fact.session.id if fact.session is not None else None
        conversation = fact.session.conversation_id if fact.session is not None else None
        emit(
            Event.SCREEN_EVENT_KEPT,
            node=self.node,
            id=fact.event_id,
            session=session,
            conversation=conversation,
            ms=round(1000 * (self.clock.monotonic() - began)),
        )
        return held

    def _apply_soon(self, fact: ScreenFact, held: str) -> None:
        def work() -> None:
            try:
                self.apply(fact)
                self.queue.let_go(held)
            except CaptureError as error:  # the queue brings it once more
                emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="screens", why=error)

        self.background(work)


def as_message(fact: ScreenFact) -> bytes:
    """Write a fact as a queue holds it; of one that is too large, which row is to be read instead."""
    body = screen_facts.to_json(fact)
    if len(body) > LARGEST_BODY and fact.session is not None:
        read_back = fact.read_back or RowRef(None, fact.session.id)
        body = screen_facts.to_json(replace(fact, session=None, read_back=read_back))
    return body
