"""The rows that a call writes while it happens, each when it happens, as Omnichannel does."""

from datetime import datetime

from lab.dynamics.conversations import (
    AGENT_TRANSFERRED,
    CONSULT,
    CONVERSATION_ENDED_BY_AGENT,
    CUSTOMER_DISCONNECT,
    PRIMARY,
)
from lab.dynamics.live_seat import OPEN, LiveSeat, conversation_row, participant_row, session_row
from lab.dynamics.organisation import Organisation, whole_seconds
from lab.dynamics.tables import Row

AGENT_REJECT, AGENT_TIMEOUT = 192350001, 192350002
ASSIGNED, ACCEPTED, REJECTED, SESSION_END, TIMED_OUT = 192350002, 192350003, 192350004, 192350005, 192350007
PARTICIPANT_INVITED, PARTICIPANT_ACCEPTED, CONSULT_ENDED = 192350009, 192350011, 192350029
CUSTOMER_GONE, TRANSFERRED = 192350017, 192350018
HOLD = 192350001
COMPLETED: Row = {"statecode": 1, "statuscode": 2}


class LiveConversation:
    """One conversation; the caller holds the organisation's lock."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._queue = organisation.random.choice(organisation.roster.queues)
        self._customer = organisation.random.choice(organisation.roster.customers)
        self.conversation_id = organisation.new_id()
        self.seats: list[LiveSeat] = []
        self._started: datetime | None = None

    @property
    def current(self) -> LiveSeat | None:
        """The agent who has the call."""
        return next((seat for seat in reversed(self.seats) if seat.mode == "Primary" and seat.closed_on is None), None)

    def begin(self, agent: Row) -> None:
        """Let the phone of the first agent, or of another one, ring."""
        if self._started is None:
            self._started = self._organisation.clock()
            self._conversation(agent)
        else:
            # nobody answered, and the call went on to the next agent
            active = {"_msdyn_activeagentid_value": agent["systemuserid"], "_ownerid_value": agent["systemuserid"]}
            self._change("msdyn_ocliveworkitem", self.conversation_id, OPEN | active | {"msdyn_closedon": None})
        self._ring(agent)

    def accept(self, seat: LiveSeat) -> None:
        """Connect."""
        seat.accepted_on = self._organisation.clock()
        now = whole_seconds(seat.accepted_on)
        self._change("msdyn_ocsession", seat.session_id, {"msdyn_agentacceptedon": now})
        self._change("msdyn_sessionparticipant", seat.participant_id, {"msdyn_joinedon": now})
        self._event(seat, ACCEPTED)
        self._change("msdyn_ocliveworkitem", self.conversation_id, {"statuscode": 2, "msdyn_isagentaccepted": True})

    def hold(self) -> None:
        """Let the customer wait."""
        seat = self.current
        if seat is None or seat.accepted_on is None or seat.hold_id is not None:
            return
        now = self._organisation.clock()
        seat.hold_id = self._organisation.new_id()
        seat.holds.append((now, None))
        self._write(
            "msdyn_ocsessionparticipantevent",
            {
                "msdyn_ocsessionparticipanteventid": seat.hold_id,
                "_msdyn_sessionid_value": seat.session_id,
                "_msdyn_sessionparticipantid_value": seat.participant_id,
                "msdyn_eventtype": HOLD,
                "msdyn_eventreason": 192350000,
                "msdyn_eventstarttime": whole_seconds(now),
                "msdyn_eventendtime": None,
                **OPEN,
            },
        )

    def resume(self) -> None:
        """Speak again."""
        if (seat := self.current) is not None:
            self._resume(seat)

    def transfer(self, other: Row) -> None:
        """Pass the call on: this session ends, another one begins."""
        seat = self.current
        if seat is None:
            return
        self._event(seat, TRANSFERRED)
        self._close(seat, AGENT_TRANSFERRED)
        self._change("msdyn_ocliveworkitem", self.conversation_id, {"msdyn_transfercount": len(self._primaries())})
        self._ring(other)

    def consult(self, other: Row) -> None:
        """Ask another agent, who joins at once."""
        seat = self.current
        if seat is None:
            return
        now = self._organisation.clock()
        self._event(seat, PARTICIPANT_INVITED)
        asked = LiveSeat(seat.session_id, self._organisation.new_id(), other, "Consult", now)
        self._participant(asked, CONSULT)
        self.seats.append(asked)
        asked.accepted_on = now
        self._change("msdyn_sessionparticipant", asked.participant_id, {"msdyn_joinedon": whole_seconds(now)})
        self._event(seat, PARTICIPANT_ACCEPTED)

    def consulted_leaves(self) -> None:
        """End the consultation."""
        for seat in self._consulted():
            self._event(seat, CONSULT_ENDED)
            self._leave(seat)

    def never_connected(self, *, timed_out: bool) -> None:
        """Let the ringing end without an answer, and with it the call."""
        if (seat := self.current) is not None and seat.accepted_on is None:
            self._event(seat, TIMED_OUT if timed_out else REJECTED)
            self._close(seat, AGENT_TIMEOUT if timed_out else AGENT_REJECT)
            self._end_conversation()

    def end(self) -> None:
        """Let the customer hang up."""
        if (seat := self.current) is not None:
            self._event(seat, CUSTOMER_GONE)
            self._close(seat, CUSTOMER_DISCONNECT)
        self._end_conversation()

    def _ring(self, agent: Row) -> None:
        organisation = self._organisation
        now = organisation.clock()
        seat = LiveSeat(organisation.new_id(), organisation.new_id(), agent, "Primary", now)
        self.seats.append(seat)
        at = whole_seconds(now)
        self._write(
            "msdyn_ocsession",
            session_row(seat, self.conversation_id, f"Session {len(self._primaries())}", at),
        )
        self._participant(seat, PRIMARY)
        self._event(seat, ASSIGNED)

    def _close(self, seat: LiveSeat, reason: int) -> None:
        self._resume(seat)
        for asked in self._consulted():
            self._leave(asked)
        self._leave(seat)
        end = {"msdyn_sessionclosedon": whole_seconds(self._organisation.clock()), "msdyn_closurereason": reason}
        self._change("msdyn_ocsession", seat.session_id, end | COMPLETED)
        self._event(seat, SESSION_END)

    def _leave(self, seat: LiveSeat) -> None:
        seat.closed_on = self._organisation.clock()
        left = {"msdyn_lefton": whole_seconds(seat.closed_on)}
        self._change("msdyn_sessionparticipant", seat.participant_id, left)

    def _resume(self, seat: LiveSeat) -> None:
        if seat.hold_id is None:
            return
        now = self._organisation.clock()
        begun, _ = seat.holds[-1]
        seat.holds[-1] = (begun, now)
        ended = {"msdyn_eventendtime": whole_seconds(now), "msdyn_eventduration": int((now - begun).total_seconds())}
        self._change("msdyn_ocsessionparticipantevent", seat.hold_id, ended)
        seat.hold_id = None

    def _consulted(self) -> list[LiveSeat]:
        return [seat for seat in self.seats if seat.mode == "Consult" and seat.closed_on is None]

    def _primaries(self) -> list[LiveSeat]:
        return [seat for seat in self.seats if seat.mode == "Primary"]

    def _participant(self, seat: LiveSeat, mode: int) -> None:
        self._write(
            "msdyn_sessionparticipant",
            participant_row(seat, mode, self._queue["queueid"]),
        )

    def _event(self, seat: LiveSeat, kind: int) -> None:
        self._write(
            "msdyn_sessionevent",
            {
                "msdyn_sessioneventid": self._organisation.new_id(),
                "_msdyn_omnichannelsession_value": seat.session_id,
                "msdyn_eventtype": kind,
                "msdyn_eventreason": 192350000,
                "msdyn_eventtime": f"{self._organisation.clock():%Y-%m-%d}T00:00:00Z",
                **OPEN,
            },
        )

    def _conversation(self, agent: Row) -> None:
        row = conversation_row(self.conversation_id, agent, self._customer, self._queue, self._organisation.clock())
        self._write("msdyn_ocliveworkitem", row)

    def _end_conversation(self) -> None:
        now = whole_seconds(self._organisation.clock())
        seconds = int((self._organisation.clock() - (self._started or self._organisation.clock())).total_seconds())
        self._change("msdyn_ocliveworkitem", self.conversation_id, {"statuscode": 5, "msdyn_wrapupinitiatedon": now})
        end = {
            "statecode": 1,
            "statuscode": 4,
            "msdyn_statuschangereason": CONVERSATION_ENDED_BY_AGENT,
            "msdyn_closedon": now,
            "actualend": now,
            "msdyn_modifiedon": now,
            "msdyn_conversationhandletimeinseconds": seconds,
            "msdyn_conversationtalktimeinseconds": seconds,
        }
        self._change("msdyn_ocliveworkitem", self.conversation_id, end)

    def _write(self, table: str, row: Row) -> None:
        now = whole_seconds(self._organisation.clock())
        self._organisation.tables.write(table, {"createdon": now, "modifiedon": now} | row)

    def _change(self, table: str, row_id: str, values: Row) -> None:
        modified = {"modifiedon": whole_seconds(self._organisation.clock())}
        self._organisation.tables.change(table, row_id, modified | values)
