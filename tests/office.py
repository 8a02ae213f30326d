"""Agents, their workstations and desktops around a pair: what a test of screens says and asks."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from capture.console.answer import Answer, answer
from capture.messages import ScreenFact, screen_facts
from capture.model.board import Board
from capture.model.conversation import Agent
from capture.model.identity import AgentId, ConversationId, NodeName, SessionId
from capture.model.session import AgentSession, Participation, Stamped
from capture.screen.keys import workstation_key
from tests.pair import NAMES, Pair
from tests.stores.clock import START

VOICE = 192440000
SECRET = "the secret of the desktops"
ANN, BOB = AgentId("ann"), AgentId("bob")
S1 = SessionId("s1")
_STATUS = {"sign_in": 200, "sign_out": 204, "upload": 200, "report": 202}


def at(seconds: float) -> datetime:
    """A time, counted from when the clock of a pair starts."""
    return START + timedelta(seconds=seconds)


def ringing(session: SessionId = S1, agent: AgentId = ANN, when: float = 1) -> AgentSession:
    """A call rings."""
    return AgentSession(
        session, ConversationId("c1"), Stamped(at(when), agent), VOICE, created_on=at(0), assigned_on=at(when)
    )


def accepted(session: SessionId = S1, when: float = 5) -> AgentSession:
    """It is answered; the payload says nothing else."""
    return AgentSession(session, accepted_on=at(when))


def closed(session: SessionId = S1, when: float = 60) -> AgentSession:
    """It is over."""
    return AgentSession(session, closed_on=at(when))


def consulted(session: SessionId = S1, agent: AgentId = BOB) -> AgentSession:
    """Somebody is asked to join."""
    return AgentSession(session, participants=(Participation("p1", agent, "Consult", at(20), at(25), at(40)),))


@dataclass
class Office:
    """A pair, with agents known to Dynamics."""

    pair: Pair = field(default_factory=lambda: Pair({"DESKTOP_SECRET": SECRET}))
    heard: int = 0

    def __post_init__(self) -> None:
        for agent in (ANN, BOB):
            self.pair.source.agents[agent] = Agent(agent, email=f"{agent}@contoso.com", domain_name=f"CONTOSO\\{agent}")

    def fact(self, session: AgentSession, node: str = "main", **more: Any) -> ScreenFact:  # noqa: ANN401  any field
        """What a node has heard first-hand."""
        self.heard += 1
        return ScreenFact(NodeName(node), f"e{self.heard}", self.pair.clock.now(), session=session, **more)

    def hear(self, *sessions: AgentSession, node: str = "main") -> None:
        """Let a node hear of sessions and both work it off."""
        for session in sessions:
            self.pair.members[node].node.screen(screen_facts.to_json(self.fact(session, node)))
        self.work()

    def work(self) -> None:
        """Let both nodes work until nothing is left."""
        while sum(self.pair.work(name) for name in NAMES):
            pass

    def sign_in(self, workstation: str, user: str, *nodes: str, since: float = 0) -> None:
        """Sign in at nodes, at both unless told."""
        for node in nodes or NAMES:
            body = {"user": user, "signed_in_at": at(since).isoformat()}
            assert self.call(node, workstation, "sign_in", body).status == 200
        self.work()

    def call(
        self, node: str, workstation: str, what: str, body: object, session: str | None = None, key: str | None = None
    ) -> Answer:
        """Make one of the calls of a desktop."""
        headers = {
            "X-Workstation": workstation,
            "Authorization": f"Bearer {workstation_key(SECRET, workstation) if key is None else key}",
        }
        desktops = self.pair.members[node].node.desktops
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        if session is None:
            return answer(lambda: getattr(desktops, what)(headers, text), status=_STATUS[what])
        return answer(lambda: getattr(desktops, what)(headers, session, text), status=_STATUS[what])

    def board(self, node: str, workstation: str) -> Board:
        """What a desktop reads."""
        board = self.pair.accounts[node].stores.boards.get(workstation)
        assert board is not None
        return board

    def wanted(self, node: str, workstation: str = "pc-1") -> dict[str, str]:
        """What is wanted there."""
        board = self.pair.accounts[node].stores.boards.get(workstation)
        return {key: order.wanted.value for key, order in board.orders.items()} if board is not None else {}

    def upload(
        self,
        node: str = "main",
        workstation: str = "pc-1",
        agent: AgentId = ANN,
        video: bytes = b"video" * 900,
        session: SessionId = S1,
        part: int = 1,
    ) -> Answer:
        """Stage a recording and report that it is finished."""
        self.stage(node, video, workstation, agent, session, part)
        return self.report(node, workstation, agent, video, session, part=part)

    def stage(
        self,
        node: str,
        video: bytes,
        workstation: str = "pc-1",
        agent: AgentId = ANN,
        session: SessionId = S1,
        part: int = 1,
    ) -> None:
        """Append a recording, or a piece of it, in a node's account."""
        said = self.call(node, workstation, "upload", {"agent_id": agent, "part": part}, session)
        assert said.status == 200
        self.pair.accounts[node].stores.staged.append(json.loads(said.body)["upload_url"], video)

    def report(
        self,
        node: str,
        workstation: str,
        agent: AgentId,
        video: bytes,
        session: SessionId = S1,
        state: str = "finished",
        part: int = 1,
    ) -> Answer:
        """Say what has become of a recording."""
        body = {
            "agent_id": agent,
            "state": state,
            "at": self.pair.clock.now().isoformat(),
            "started_at": at(1).isoformat(),
            "ended_at": at(60).isoformat(),
            "size": len(video),
            "sha256": hashlib.sha256(video).hexdigest(),
            "part": part,
        }
        return self.call(node, workstation, "report", body, session)
