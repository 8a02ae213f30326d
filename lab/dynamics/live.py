"""Calls that happen now: an agent's phone rings, is answered or not, and every change is written when it happens.

A script is a list of steps, each `[what, seconds]` or `[what, seconds, agent]`, with seconds from the start:
ring (with an agent: another one's phone), accept, hold, resume, transfer (to an agent), consult (an agent), leave (the
consulted one), miss, decline, end.
An agent is a place in the roster or a `systemuserid`. Who gets a transfer accepts it a second later, unless the script
says what becomes of it. The script may also be the word "miss" or "decline": ten seconds, or three, of ringing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lab.dynamics.calls import CallPlan, record
from lab.dynamics.live_rows import LiveConversation
from lab.dynamics.live_seat import LiveSeat
from lab.dynamics.organisation import Organisation
from lab.dynamics.publications import stamp
from lab.dynamics.tables import Row

SHORT: dict[str, list[list[Any]]] = {
    "miss": [["ring", 0], ["miss", 10]],
    "decline": [["ring", 0], ["decline", 3]],
}
OUTCOMES = ("accept", "miss", "decline")
ACCEPTED_AFTER_SECONDS = 1.0


class LiveCalls:
    """Plays scripts, and keeps the truth about them."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._calls: list[_LiveCall] = []

    def start(
        self,
        agent: int | str,
        steps: Sequence[Sequence[Any]] | str,
        size_bytes: int | None = None,
        recording_delay_seconds: float = 0,
    ) -> dict[str, Any]:
        """Begin a call; ValueError if the script is not understood."""
        with self._organisation.lock:
            self._organisation.settle()
            plan = CallPlan(size_bytes=size_bytes, file_delay_seconds=recording_delay_seconds)
            call = _LiveCall(self._organisation, self._agent(agent), plan)
            now = self._organisation.clock()
            planned = [(each, self._action(call, each)) for each in _completed(steps)]
            self._calls.append(call)
            for (_, seconds, *_rest), action in planned:
                self._organisation.at(now + timedelta(seconds=float(seconds)), action)
            return {"conversation_id": call.conversation.conversation_id}

    def truth(self) -> list[dict[str, Any]]:
        """Return every seat there has been: who was called when, and whether its screen is to be kept."""
        with self._organisation.lock:
            self._organisation.settle()
            return [_shown(call, seat) for call in self._calls for seat in call.conversation.seats]

    def _agent(self, agent: int | str) -> Row:
        agents = self._organisation.roster.agents
        if isinstance(agent, str):
            found = next((row for row in agents if row["systemuserid"] == agent.lower()), None)
            if found is None:
                raise ValueError(f"there is no agent {agent}")
            return found
        if not 0 <= agent < len(agents):
            raise ValueError(f"agents are numbered 0 to {len(agents) - 1}")
        return agents[agent]

    def _action(self, call: "_LiveCall", step: Sequence[Any]) -> Callable[[], None]:
        what, _, *rest = step
        plain: dict[str, Callable[[], None]] = {
            "ring": call.ring,
            "accept": call.accept,
            "hold": call.hold,
            "resume": call.resume,
            "leave": call.leave,
            "miss": call.miss,
            "decline": call.decline,
            "end": call.end,
        }
        if what in plain and not rest:
            return plain[what]
        others: dict[str, Callable[[Row], None]] = {
            "ring": call.ring_at,
            "transfer": call.transfer,
            "consult": call.consult,
        }
        if what in others and len(rest) == 1:
            return partial(others[what], self._agent(rest[0]))
        raise ValueError(f"a step is one of {', '.join([*plain, 'transfer, consult'])}, a time, and for a transfer or "
                         f"consult an agent; not {step!r}")  # fmt: skip


class _LiveCall:
    """One call while it goes on. Every method is called under the organisation's lock, when its time has come."""

    def __init__(self, organisation: Organisation, agent: Row, plan: CallPlan) -> None:
        self._organisation, self._agent, self._plan = organisation, agent, plan
        self.conversation = LiveConversation(organisation)
        self.recordings: list[str] = []

    def ring(self) -> None:
        self.ring_at(self._agent)

    def ring_at(self, agent: Row) -> None:
        self.conversation.begin(agent)

    def accept(self) -> None:
        if (seat := self.conversation.current) is not None and seat.accepted_on is None:
            self.conversation.accept(seat)

    def hold(self) -> None:
        self.conversation.hold()

    def resume(self) -> None:
        self.conversation.resume()

    def transfer(self, other: Row) -> None:
        self.conversation.transfer(other)

    def consult(self, other: Row) -> None:
        self.conversation.consult(other)

    def leave(self) -> None:
        self.conversation.consulted_leaves()

    def miss(self) -> None:
        self.conversation.never_connected(timed_out=True)

    def decline(self) -> None:
        self.conversation.never_connected(timed_out=False)

    def end(self) -> None:
        self.conversation.end()
        spoken = [seat for seat in self.conversation.seats if seat.accepted_on is not None]
        if spoken:
            now = self._organisation.clock()
            agent, conversation = spoken[-1].agent["systemuserid"], self.conversation.conversation_id
            self.recordings.append(record(self._organisation, self._plan, conversation, agent, now, 0))


def _completed(steps: Sequence[Sequence[Any]] | str) -> list[Sequence[Any]]:
    """Check a script and add what is understood by itself."""
    if isinstance(steps, str):
        if steps not in SHORT:
            raise ValueError(f"a script is a list of steps or one of {', '.join(SHORT)}")
        return list(SHORT[steps])
    for step in steps:
        if len(step) < 2 or not isinstance(step[1], int | float) or step[1] < 0:
            raise ValueError(f"a step is [what, seconds]; not {step!r}")
    ordered = sorted(steps, key=lambda step: step[1])
    found: list[Sequence[Any]] = []
    for position, step in enumerate(ordered):
        found.append(step)
        if step[0] == "transfer":
            following = [each[0] for each in ordered[position + 1 :]]
            until = following.index("transfer") if "transfer" in following else len(following)
            if not any(each in OUTCOMES for each in following[:until]):
                found.append(["accept", float(step[1]) + ACCEPTED_AFTER_SECONDS])
    return found


def _shown(call: _LiveCall, seat: LiveSeat) -> dict[str, Any]:
    agent = seat.agent
    return {
        "session_id": seat.session_id,
        "conversation_id": call.conversation.conversation_id,
        "agent_id": agent["systemuserid"],
        "user": agent["domainname"],
        "entra_object_id": agent["azureactivedirectoryobjectid"],
        "mode": seat.mode,
        "called_on": stamp(seat.called_on),
        "accepted_on": stamp(seat.accepted_on),
        "closed_on": stamp(seat.closed_on),
        "holds": [[stamp(begun), stamp(ended)] for begun, ended in seat.holds],
        "expected": _expected(seat.accepted_on, seat.closed_on),
        "recordings": list(call.recordings),
    }


def _expected(accepted_on: datetime | None, closed_on: datetime | None) -> str:
    if closed_on is None:
        return "record"
    return "keep" if accepted_on is not None else "delete"
