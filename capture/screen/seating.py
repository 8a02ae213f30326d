"""Which agent sits where (the LAN data source): sign-ins of workstations, and an agent's place when it is asked for."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.model.conversation import Agent
from capture.model.identity import AgentId, NodeName
from capture.model.workstation import SignIn, names_of, workstation_of
from capture.ports import Alarm, Alarms, Clock, Source, Workstations
from capture.screen.background import Background

GONE_AFTER = timedelta(minutes=3)
"""A workstation that was not heard of for so long is empty."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Knows the sign-ins. Threads may share it."""

    node: NodeName
    workstations: Workstations
    alarms: Alarms
    source: Source
    background: Background
    clock: Clock
    _agents: dict[AgentId, Agent] = field(default_factory=dict, init=False)

    def take(self, sign_in: SignIn) -> bool:
        """Keep a sign-in, a sign of life or a sign-out; True when somebody new sits there by it."""
        before, known = self.workstations.merge(sign_in)
        was = before is not None and before.signed_out_at is None
        same = before is not None and (before.user, before.signed_in_at) == (known.user, known.signed_in_at)
        if known.signed_out_at is not None:
            if was and same:
                emit(Event.WORKSTATION_SIGNED_OUT, node=self.node, workstation=known.workstation)
            return False
        if was and same:
            return False
        emit(Event.WORKSTATION_SIGNED_IN, node=self.node, workstation=known.workstation)
        return True

    def is_person(self, agent_id: AgentId) -> bool:
        """Tell whether an agent may sit anywhere: a bot has sessions like anybody else, and no screen."""
        return not self._agent(agent_id).is_program

    def place_of(self, agent_id: AgentId) -> SignIn | None:
        """Find where an agent is signed in, None when nowhere. Of several the latest wins; that is reported."""
        agent = self._agent(agent_id)
        found, rivals = workstation_of(
            agent, self.workstations.signed_in_as(names_of(agent)), self.clock.now(), gone_after=GONE_AFTER
        )
        if found is not None and rivals:
            others = ", ".join(each.workstation for each in rivals)
            text = f"signed in at {found.workstation}, which is recorded, and also at {others}"
            if self.alarms.raise_(Alarm(f"doubled {agent_id} {found.workstation}", self.clock.now(), text)):
                emit(
                    Event.WORKSTATIONS_DOUBLED,
                    logging.WARNING,
                    node=self.node,
                    agent=agent_id,
                    workstation=found.workstation,
                    others=others.replace(" ", ""),
                )
        return found

    def is_called(self, agent_id: AgentId, sign_in: SignIn) -> bool:
        """Tell whether an agent may have signed in under that name, as far as it is known who he is."""
        agent = self._agents.get(agent_id) or self._agent(agent_id)
        return sign_in.key in names_of(agent)

    def _agent(self, agent_id: AgentId) -> Agent:
        # Dynamics may be slow or out of reach just when a call rings: what was known of him before must do, and is
        # brought up to date meanwhile.
        if agent_id in self._agents:
            self.background(lambda: self._read(agent_id))
        else:
            self._agents[agent_id] = self.source.agent(agent_id)
        return self._agents[agent_id]

    def _read(self, agent_id: AgentId) -> None:
        try:
            self._agents[agent_id] = self.source.agent(agent_id)
        except CaptureError as error:
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="agent", id=agent_id, why=error)
