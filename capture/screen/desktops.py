"""What desktops say and ask: sign in, sign out, where to upload, what has become of a recording."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from capture.bodies import read_body
from capture.errors import Absent, Malformed
from capture.events import Event, emit
from capture.messages import ArchiveScreen, ScreenFact, screen_files
from capture.model.board import Board, Order
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.session import Wanted
from capture.model.time_text import text_of
from capture.model.workstation import SignIn
from capture.ports import Alarm, Alarms, Boards, Clock, Queue, Staged
from capture.screen.counts import Counts
from capture.screen.grants import MOST_PARTS, Grants, staged_prefix
from capture.screen.keys import admitted
from capture.screen.orders import Orders
from capture.screen.seating import Seating

KEEP_ALIVE_SECONDS = 15
_BOARD_LASTS = timedelta(hours=12)
"""Long: a desktop goes on reading its board while the node is away and its store is not."""


class _SignIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    user: str = Field(min_length=1, max_length=256)
    signed_in_at: AwareDatetime


class _SignOut(BaseModel):
    model_config = ConfigDict(extra="ignore")
    user: str = Field(default="", max_length=256)
    signed_in_at: AwareDatetime


class _Upload(BaseModel):
    model_config = ConfigDict(extra="ignore")
    agent_id: str = Field(pattern=r"^[0-9A-Za-z-]{1,64}$")
    part: int = Field(default=1, ge=1, le=MOST_PARTS)


class _Report(_Upload):
    state: Literal["started", "finished", "deleted", "failed"]
    at: AwareDatetime
    parts: int = Field(default=1, ge=1, le=9999)
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    size: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$")
    reason: str = Field(default="", max_length=1000)


@dataclass(frozen=True, slots=True)
class Desktops:
    """The calls of desktops. Each raises Stranger without the workstation's key, TooLarge or Malformed."""

    node: NodeName
    secrets: Sequence[str]
    boards: Boards
    staged: Staged
    grants: Grants
    files: Queue
    alarms: Alarms
    orders: Orders
    seating: Seating
    sit: Callable[[ScreenFact], None]
    ready: Callable[[], None]
    counts: Counts
    clock: Clock
    poll_seconds: float

    def sign_in(self, headers: Mapping[str, str], body: bytes) -> dict[str, object]:
        """Keep who sits there, and say where the board is. Repeating it is the sign of life.

        A sign-in in the future, by this node's clock, is one of now: the latest sign-in wins, so a workstation whose
        clock is ahead would win against every other one, and against its own next one.
        """
        workstation, asked = self._read(_SignIn, headers, body)
        now = self.clock.now()
        self.boards.change(workstation, lambda board: Board(workstation, self.node) if board is None else None)
        since = asked.signed_in_at if asked.signed_in_at <= now else self._since(workstation, asked.user, now)
        self._sit(SignIn(workstation, asked.user, since, now), now)
        until = now + _BOARD_LASTS
        return {
            "node": self.node,
            "board_url": self.boards.address(workstation, now, until),
            "expires_at": text_of(until),
            "keep_alive_seconds": KEEP_ALIVE_SECONDS,
            "poll_seconds": self.poll_seconds,
        }

    def sign_out(self, headers: Mapping[str, str], body: bytes) -> None:
        """Keep that nobody sits there any more, if it was the sign-in that began at that time."""
        workstation, asked = self._read(_SignOut, headers, body)
        now = self.clock.now()
        known = self.seating.workstations.at(workstation)
        if known is not None and known.signed_in_at == asked.signed_in_at:
            self._sit(SignIn(workstation, known.user, known.signed_in_at, now, now), now)

    def upload(self, headers: Mapping[str, str], session: str, body: bytes) -> dict[str, object]:
        """Say where a recording may be appended.

        Absent when the session is not on this workstation's board, and when nothing is wanted of it any more; TooLarge
        when more than enough is staged.
        """
        workstation, asked = self._read(_Upload, headers, body)
        order = self._check(workstation, session, asked.agent_id)
        url, until = self.grants.grant(workstation, order, asked.part)
        return {"upload_url": url, "expires_at": text_of(until)}

    def report(self, headers: Mapping[str, str], session: str, body: bytes) -> dict[str, object]:
        """Take in what has become of a recording; one that is finished goes to the hand-over queue."""
        workstation, said = self._read(_Report, headers, body)
        order = self._check(workstation, session, said.agent_id)
        session_id, agent_id = SessionId(session.lower()), AgentId(said.agent_id.lower())
        seat: dict[str, object] = {"session": session_id, "agent": agent_id, "workstation": workstation}
        if said.state == "finished":
            self.files.send(screen_files.to_json(_command(said, session_id, workstation, self.clock.now())))
        elif said.state == "deleted":
            # Only what is not wanted: of a call that was accepted after all, the parts that came stay.
            if order.wanted is Wanted.DELETE:
                for name, _ in self.staged.listed(staged_prefix(workstation, session, said.agent_id), MOST_PARTS):
                    self.staged.remove(name)
            self.counts.add("deleted")
            self._tell(Event.SCREEN_DELETED, seat)
        elif said.state == "failed":
            key = f"failed {session_id}:{agent_id}"
            text = f"the desktop at {workstation} could not record: {said.reason}"
            self.alarms.raise_(Alarm(key, self.clock.now(), text, session_id))
            self._tell(Event.SCREEN_FAILED, seat, logging.ERROR, why=said.reason)
        self._tell(Event.SCREEN_REPORTED, seat, state=said.state, part=said.part)
        return {}

    def _tell(self, event: Event, seat: Mapping[str, object], level: int = logging.INFO, **more: object) -> None:
        fields = {"node": self.node, **seat, **more}
        emit(event, level, **fields)

    def _since(self, workstation: str, user: str, now: datetime) -> datetime:
        """Tell since when somebody sits there whose workstation cannot: a sign of life must not make it later."""
        known = self.seating.workstations.at(workstation)
        same = known is not None and known.user == user and known.signed_out_at is None
        return min(known.signed_in_at, now) if known is not None and same else now

    def _sit(self, sign_in: SignIn, now: datetime) -> None:
        ended = "out" if sign_in.signed_out_at is not None else "in"
        event = f"{sign_in.workstation} {ended} {sign_in.signed_in_at.isoformat()}"
        self.sit(ScreenFact(self.node, event, now, sign_in=sign_in))

    def _read[B: BaseModel](self, kind: type[B], headers: Mapping[str, str], body: bytes) -> tuple[str, B]:
        workstation = admitted(headers, self.secrets)
        asked = read_body(kind, body)
        self.ready()
        return workstation, asked

    def _check(self, workstation: str, session: str, agent: str) -> Order:
        found = self.orders.find(workstation, SessionId(session.lower()), AgentId(agent.lower()))
        if found is None:
            raise Absent("this session is not on the board of this workstation")
        return found


def _command(said: _Report, session_id: SessionId, workstation: str, now: datetime) -> ArchiveScreen:
    if said.started_at is None or said.ended_at is None or said.size is None or said.sha256 is None:
        raise Malformed("of a finished recording started_at, ended_at, size and sha256 are needed")
    return ArchiveScreen(
        session_id=session_id,
        agent_id=AgentId(said.agent_id.lower()),
        workstation=workstation,
        part=said.part,
        started_at=said.started_at,
        ended_at=said.ended_at,
        size=said.size,
        sha256=said.sha256.lower(),
        reported_at=now,
    )
