"""Works off the requests on the ACTIVE node, a bounded part in each run: whoever is ACTIVE goes on where it stands.

What is found is kept before it is given out, and how far the work has come after that: killed in between, a node (or
the other one) compares one page again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from capture.errors import CaptureError, Superseded
from capture.events import Event, emit
from capture.model.authority import Active
from capture.model.identity import NodeName
from capture.model.request import Kind, News, Outcome, Phase, Request, join_items
from capture.ports import Clock, Requests
from capture.recovery.automatic import Automatic
from capture.recovery.chain import Chain
from capture.recovery.days import Compliance
from capture.recovery.expiry import Expiry
from capture.recovery.keeping import Keeping
from capture.recovery.looking import Looking
from capture.recovery.settle import Settlement
from capture.recovery.verify import Verification
from capture.redundancy.incidents import Incidents

_SETTLED_AT_ONCE = 1000
_MOST_FOUND = 10_000
_A_PAGE = 3.0
"""Seconds that a page may take: with less of the authority left none is begun."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The use case behind the recovery timer."""

    node: NodeName
    requests: Requests
    looking: Looking
    keeping: Keeping
    settlement: Settlement
    automatic: Automatic
    verification: Verification
    compliance: Compliance
    chain: Chain
    expiry: Expiry
    incidents: Incidents
    clock: Clock
    seconds: float

    def run(self, hold: Callable[[], Active | None]) -> None:
        """Work for about `seconds`, as long as `hold` says that this node is ACTIVE. Superseded when it is no longer.

        The log is sealed and what has expired is deleted in any case: each node does its own.
        """
        self.chain.seal()
        self._tried("expiry", self.expiry.run)
        ends = self.clock.monotonic() + self.seconds
        moved = True
        while moved and self.clock.monotonic() < ends:
            active = hold()
            if active is None:
                return
            self.automatic.ask()
            moved = False
            if active.until - self.clock.monotonic() > _A_PAGE:
                moved = self._tried("days", self.compliance.look)
            for request in self.requests.live():
                until = min(ends, active.until - _A_PAGE)
                if self.clock.monotonic() < until:
                    moved = self._tried(request.id, partial(self._step, active, request, until, hold)) or moved

    def _tried(self, what: str, work: Callable[[], bool]) -> bool:
        """Do one thing; what fails is noted and tried again in the next run, and holds up no other."""
        try:
            return work()
        except Superseded:
            raise
        except CaptureError as error:
            self.incidents.note(f"{what}: {error}")
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="recover", request=what, why=error)
            return False

    def _step(self, active: Active, request: Request, until: float, hold: Callable[[], Active | None]) -> bool:
        """Do a part of one request. Tell whether it has come further."""
        before = request.progress
        if before.phase is Phase.WAITING:
            request = self.keeping.keep(
                active, request, phase=Phase.LOOKING, reached=request.start, began_at=self.clock.now()
            )
        if request.progress.phase is Phase.LOOKING:
            if request.kind is Kind.VERIFY:
                return self._verified(request, hold)
            work = self.looking.ids if request.ids else self.looking.period
            request = work(active, request, until)
        if request.progress.phase is Phase.FETCHING:
            request = self._settle(active, request)
        return request.progress != before

    def _verified(self, request: Request, hold: Callable[[], Active | None]) -> bool:
        checked = self.verification.part(request)
        # Reading needs no authority, and may take longer than it lasts.
        active = hold()
        if active is None:
            return False
        # One thing may be found by several checks.
        before = self.requests.items(request.id, _MOST_FOUND) if checked.items else []
        news = {(item.created_on, item.id) for item in checked.items}
        joined = join_items([*before, *checked.items])
        request = self.keeping.note(active, request, [each for each in joined if (each.created_on, each.id) in news])
        compared = request.progress.compared + checked.compared
        phase = Phase.FETCHING if checked.ended else Phase.LOOKING
        self.keeping.keep(active, request, reached=checked.reached, compared=compared, phase=phase)
        return True

    def _settle(self, active: Active, request: Request) -> Request:
        left = self.requests.items(request.id, _SETTLED_AT_ONCE, only_open=True)
        settled = self.settlement.of(left)
        self.keeping.put(request, settled)
        progress = request.progress
        if settled or not left:
            tally = self.requests.tally(request.id)
            progress = replace(
                progress,
                detected=sum(tally.values()),
                recovered=tally.get(Outcome.RECOVERED.value, 0),
                failed=tally.get(Outcome.FAILED.value, 0),
            )
        if not left:
            emit(Event.RECOVERY_ENDED, node=self.node, request=request.id, detected=progress.detected)
            progress = replace(progress, phase=Phase.DONE, ended_at=self.clock.now())
        if progress == request.progress:
            return request
        return self.keeping.advance(active, request, progress, settled)

    def hear(self, news: News) -> None:
        """Take in what the peer says of a request."""
        self.keeping.hear(news)
