"""Keeps how far each request has come and what it has found, here and at the peer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import batched

from capture.events import Event, emit
from capture.model.authority import Active
from capture.model.identity import NodeName
from capture.model.request import Item, News, Outcome, Progress, Request
from capture.ports import Clock, Requests
from capture.redundancy.notifications import Notifier

_AT_ONCE = 100
"""Items told to the peer in one message."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is found is kept before anything is done about it, and the progress after that."""

    node: NodeName
    requests: Requests
    notifier: Notifier
    clock: Clock

    def put(self, request: Request, items: Sequence[Item]) -> None:
        """Keep what was found or settled."""
        if items:
            self.requests.put_items(request.id, items)

    def keep(self, active: Active, request: Request, *, items: Sequence[Item] = (), **changes: object) -> Request:
        """Keep how far the request has come, and tell the peer."""
        return self.advance(active, request, replace(request.progress, **changes), items)  # type: ignore[arg-type]

    def note(self, active: Active, request: Request, items: Sequence[Item]) -> Request:
        """Keep what was found, and count all that the request has found."""
        if not items:
            return request
        self.put(request, items)
        tally = self.requests.tally(request.id)
        emit(Event.RECORDINGS_MISSED, logging.WARNING, node=self.node, request=request.id, count=len(items))
        return self.keep(
            active, request, detected=sum(tally.values()), failed=tally.get(Outcome.FAILED.value, 0), items=items
        )

    def advance(self, active: Active, request: Request, progress: Progress, items: Sequence[Item]) -> Request:
        """Keep the progress under the authority of this node, and tell the peer, with what was found or settled."""
        active.check(self.clock.monotonic())
        step = request.progress.step + 1
        known = self.requests.merge(replace(request, progress=replace(progress, epoch=active.epoch, step=step)))
        for some in batched(items, _AT_ONCE, strict=False):
            self.notifier.tell_recovery(News(known, some))
        if not items:
            self.notifier.tell_recovery(News(known))
        return known

    def hear(self, news: News) -> None:
        """Take in what the peer says of a request."""
        self.requests.merge(news.request)
        self.put(news.request, news.items)
