"""People's requests: `/api/recovery`. Either node takes them; the ACTIVE one works them off."""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from capture.bodies import read_body
from capture.errors import Absent, Malformed
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.model.request import MOST_IDS, Kind, News, Outcome, Request, Wish
from capture.model.time_text import text_of
from capture.ports import Clock, Requests
from capture.redundancy.notifications import Notifier

_LARGEST_BODY = 64 * 1024
_LISTED = 100
_SHOWN = 1000
_ACTIONS = {"stop": True, "resume": False}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.RECOVER
    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")
    ids: list[str] = Field(default_factory=list, max_length=MOST_IDS)
    sample: int = Field(default=0, ge=0, le=100_000)
    dry_run: bool = False
    stop: str | None = None
    resume: str | None = None

    @model_validator(mode="after")
    def _together(self) -> "_Body":
        if self.stop is not None or self.resume is not None:
            return self
        period = self.start is not None or self.end is not None
        if period and (self.start is None or self.end is None or self.start > self.end):
            raise ValueError("a period needs both from and to, and from must not be later")
        if self.kind is Kind.RECOVER and period == bool(self.ids):
            raise ValueError("say either from and to, or ids")
        if self.kind is Kind.RECOVER and self.sample:
            raise ValueError("a sample is for verify alone")
        if self.kind is Kind.VERIFY and (self.ids or self.dry_run):
            raise ValueError("verify takes a period, a sample, or nothing for everything")
        return self


@dataclass(frozen=True, slots=True)
class Asking:
    """Takes requests, says how they stand, stops them and lets them go on. Times are UTC in ISO 8601."""

    node: NodeName
    requests: Requests
    notifier: Notifier
    clock: Clock

    def ask(self, body: bytes) -> dict[str, Any]:
        """Take `{"from": …, "to": …}` or `{"ids": […]}`, with `"dry_run": true`; `"kind": "verify"` with `"sample"`.

        Or `{"stop": "<id>"}`, `{"resume": "<id>"}`, which say the same as `act`. Malformed names what is wrong with
        the body.
        """
        asked = read_body(_Body, body, limit=_LARGEST_BODY)
        if (named := asked.stop or asked.resume) is not None:
            return self.act(named, "stop" if asked.stop else "resume")
        now = self.clock.now()
        request = Request(
            id=f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
            kind=asked.kind,
            asked_at=now,
            start=asked.start,
            end=asked.end if asked.end is not None or asked.ids else now,
            ids=tuple(dict.fromkeys(each.strip().strip("{}").lower() for each in asked.ids)),
            sample=asked.sample,
            dry_run=asked.dry_run,
        )
        self._keep(request)
        emit(Event.RECOVERY_ASKED, logging.WARNING, node=self.node, request=request.id, kind=request.kind)
        return _shown(request)

    def act(self, request_id: str, action: str) -> dict[str, Any]:
        """Stop a request, or let it go on."""
        if action not in _ACTIONS:
            raise Malformed(f"a request can be asked to {' or '.join(_ACTIONS)}")
        wish = Wish(self.clock.now(), _ACTIONS[action])
        return _shown(self._keep(replace(self._known(request_id), wish=wish)))

    def listed(self) -> list[dict[str, Any]]:
        """List the latest requests, the latest first."""
        return [_shown(request) for request in self.requests.listed(_LISTED)]

    def one(self, request_id: str) -> dict[str, Any]:
        """Show one request with what it has found, oldest first, at most a thousand."""
        request = self._known(request_id)
        found = self.requests.items(request_id, _SHOWN)
        items = [
            {
                "id": item.id,
                "created_on": text_of(item.created_on),
                "why": item.why,
                "outcome": item.outcome.value,
                "reason": item.reason,
            }
            for item in found
        ]
        return {**_shown(request), "tally": _tally(self.requests.tally(request_id)), "items": items}

    def _known(self, request_id: str) -> Request:
        if (request := self.requests.get(request_id)) is None:
            raise Absent("no request has this id: GET /api/recovery lists them")
        return request

    def _keep(self, request: Request) -> Request:
        known = self.requests.merge(request)
        self.notifier.tell_recovery(News(known))
        return known


def _tally(counts: Mapping[str, int]) -> dict[str, int]:
    return {outcome.value: counts.get(outcome.value, 0) for outcome in Outcome}


def _shown(request: Request) -> dict[str, Any]:
    progress = request.progress
    return {
        "id": request.id,
        "kind": request.kind.value,
        "mode": "automatic" if request.automatic else "manual",
        "dry_run": request.dry_run,
        "from": _maybe(request.start),
        "to": _maybe(request.end),
        "ids": len(request.ids),
        "sample": request.sample,
        "status": request.status,
        "reached": _maybe(progress.reached) if not request.ids else None,
        "compared": progress.compared,
        "detected": progress.detected,
        "recovered": progress.recovered,
        "failed": progress.failed,
        "asked": text_of(request.asked_at),
        "started": _maybe(progress.began_at),
        "ended": _maybe(progress.ended_at),
    }


def _maybe(when: datetime | None) -> str | None:
    return text_of(when) if when is not None else None
