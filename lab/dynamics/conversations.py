"""The rows that a call leaves besides its recordings: conversation, phone context, sessions, participants."""

from datetime import datetime, timedelta

from lab.dynamics.organisation import Organisation, whole_seconds
from lab.dynamics.tables import Row

VOICE_CALL = 192440000
PRIMARY, CONSULT = 192350002, 192350003
CUSTOMER_DISCONNECT, AGENT_TRANSFERRED, CONVERSATION_ENDED_BY_AGENT = 192350020, 192350006, 192350008


class Conversation:
    """One conversation with a session for every part of the call; a transfer begins the next part."""

    def __init__(self, organisation: Organisation, ended: datetime, parts: int, *, is_open: bool) -> None:
        self._organisation, self._chance = organisation, organisation.random
        self._ended, self._parts, self._is_open = ended, parts, is_open
        self.conversation_id = organisation.new_id()
        self._seconds = self._chance.randint(45, 420)
        self._started = ended - timedelta(seconds=self._seconds)
        self._consult = self._chance.random() < 0.1
        self._agents = self._chance.sample(organisation.roster.agents, k=min(parts, 8) + 1)
        self._queue = self._chance.choice(organisation.roster.queues)
        self._customer = self._chance.choice(organisation.roster.customers)
        self._sessions = [organisation.new_id() for _ in range(parts)]

    def write(self) -> None:
        """Write all rows."""
        self._conversation(self._sessions[-1])
        self._phone_context()
        for part, session in enumerate(self._sessions):
            self._session(part, session)

    def close(self, end: datetime) -> None:
        """End the conversation, if it was written as an open one."""
        tables, modified = self._organisation.tables, {"modifiedon": whole_seconds(end)}
        tables.change("msdyn_ocliveworkitem", self.conversation_id, self._conversation_end(end) | modified)
        tables.change("msdyn_ocsession", self._sessions[-1], _session_end(end, last=True) | modified)
        for row in list(tables["msdyn_sessionparticipant"].having("_msdyn_omnichannelsession_value", self._sessions)):
            left = {"msdyn_lefton": whole_seconds(end)} | modified
            tables.change("msdyn_sessionparticipant", row["msdyn_sessionparticipantid"], left)

    def agent(self, part: int) -> Row:
        """Return the agent who spoke in a part."""
        return self._agents[part % len(self._agents)]

    def _write(self, table: str, row: Row) -> None:
        times = {"createdon": whole_seconds(self._started), "modifiedon": whole_seconds(self._ended)}
        self._organisation.tables.write(table, times | row)

    def _conversation(self, last_session: str) -> None:
        started, closed = whole_seconds(self._started), whole_seconds(self._ended)
        row: Row = {
            "activityid": self.conversation_id,
            "msdyn_ocliveworkitemid": self.conversation_id,
            "subject": f"{self._customer['fullname']}: {self._queue['name']}",
            "msdyn_title": f"{self._customer['fullname']}: {self._queue['name']}",
            "msdyn_channel": str(VOICE_CALL),
            "msdyn_channelprovidername": "Azure Communication Services",
            "msdyn_isoutbound": self._chance.random() < 0.2,
            "msdyn_isagentaccepted": True,
            "msdyn_isabandoned": False,
            "msdyn_transfercount": self._parts - 1,
            "msdyn_escalationcount": 0,
            "msdyn_conversationhandletimeinseconds": None,
            "msdyn_conversationtalktimeinseconds": None,
            "msdyn_conversationholdtimeinseconds": None,
            "msdyn_conversationwrapuptimeinseconds": None,
            "msdyn_conversationfirstwaittimeinseconds": self._chance.randint(1, 40),
            "_msdyn_activeagentid_value": self.agent(self._parts - 1)["systemuserid"],
            "_msdyn_activesessionparticipantid_value": None,
            "_msdyn_lastsessionid_value": last_session,
            "_msdyn_customer_value": self._customer["contactid"],
            "_ownerid_value": self.agent(self._parts - 1)["systemuserid"],
            "_msdyn_cdsqueueid_value": self._queue["queueid"],
            "_msdyn_queueid_value": None,
            "_msdyn_liveworkstreamid_value": None,
            "msdyn_createdon": started,
            "msdyn_initiatedon": started,
            "msdyn_startedon": started,
            "msdyn_firstwaitstartedon": started,
            "msdyn_activeagentassignedon": started,
            "msdyn_statusupdatedon": started,
            "msdyn_modifiedon": closed,
            "actualstart": started,
        }
        self._write("msdyn_ocliveworkitem", row | self._conversation_end(None if self._is_open else self._ended))

    def _conversation_end(self, end: datetime | None) -> Row:
        if end is None:
            open_state: Row = {"statecode": 0, "statuscode": 2, "msdyn_statuschangereason": 192350003}
            return open_state | dict.fromkeys(("msdyn_closedon", "msdyn_wrapupinitiatedon", "actualend"))
        seconds = int((end - self._started).total_seconds())
        wrap_up = min(15, seconds // 4)
        return {
            "statecode": 1,
            "statuscode": 4,
            "msdyn_statuschangereason": CONVERSATION_ENDED_BY_AGENT,
            "msdyn_closedon": whole_seconds(end),
            "msdyn_wrapupinitiatedon": whole_seconds(end - timedelta(seconds=wrap_up)),
            "msdyn_statusupdatedon": whole_seconds(end),
            "msdyn_modifiedon": whole_seconds(end),
            "actualend": whole_seconds(end),
            "msdyn_conversationhandletimeinseconds": seconds,
            "msdyn_conversationtalktimeinseconds": seconds - wrap_up,
            "msdyn_conversationholdtimeinseconds": 0,
            "msdyn_conversationwrapuptimeinseconds": wrap_up,
        }

    def _phone_context(self) -> None:
        self._write(
            "msdyn_ocphonecallengagementctx",
            {
                "msdyn_ocphonecallengagementctxid": self._organisation.new_id(),
                "_msdyn_liveworkitemid_value": self.conversation_id,
                "msdyn_callsid": self._organisation.new_id(),
                "msdyn_fromphone": f"+1555{self._chance.randrange(10**7):07}",
                "msdyn_tophone": "+18005550100",
                "msdyn_callername": self._customer["fullname"],
                "msdyn_providername": "Azure Communication Services",
                "statecode": 0,
                "statuscode": 1,
            },
        )

    def _session(self, part: int, session: str) -> None:
        length = timedelta(seconds=self._seconds / self._parts)
        begin, end = self._started + length * part, self._started + length * (part + 1)
        accepted = whole_seconds(begin + timedelta(seconds=min(4, length.total_seconds() / 2)))
        last = part == self._parts - 1
        agent = self.agent(part)
        row: Row = {
            "activityid": session,
            "msdyn_sessionid": session,
            "subject": f"Session {part + 1}",
            "_msdyn_liveworkitemid_value": self.conversation_id,
            "_ownerid_value": agent["systemuserid"],
            "_msdyn_primarysession_value": None,
            "msdyn_channel": VOICE_CALL,
            "msdyn_state": None,
            "msdyn_sessioncreatedon": whole_seconds(begin),
            "msdyn_agentassignedon": whole_seconds(begin),
            "msdyn_agentacceptedon": accepted,
            "msdyn_queueassignedon": f"{begin:%Y-%m-%d}T00:00:00Z",
            "msdyn_sessionmodifiedon": f"{end:%Y-%m-%d}T00:00:00Z",
            "createdon": whole_seconds(begin),
        }
        self._write("msdyn_ocsession", row | _session_end(None if last and self._is_open else end, last=last))
        self._participant(session, agent, PRIMARY, accepted, end)
        if self._consult and last:
            self._participant(session, self._agents[-1], CONSULT, accepted, end)

    def _participant(self, session: str, agent: Row, mode: int, joined: str, end: datetime) -> None:
        row: Row = {
            "msdyn_sessionparticipantid": self._organisation.new_id(),
            "msdyn_name": agent["fullname"],
            "_msdyn_omnichannelsession_value": session,
            "_msdyn_agentid_value": agent["systemuserid"],
            "_msdyn_cdsqueueid_value": self._queue["queueid"],
            "_ownerid_value": agent["systemuserid"],
            "msdyn_activedirectoryuserid": agent["azureactivedirectoryobjectid"],
            "msdyn_mode": mode,
            "msdyn_joinedon": joined,
            "msdyn_lefton": None if self._is_open else whole_seconds(end),
            "msdyn_assignreason": "AgentConsult" if mode == CONSULT else None,
            "msdyn_leftonreason": None,
            "createdon": joined,
            "statecode": 0,
            "statuscode": 1,
        }
        self._write("msdyn_sessionparticipant", row)


def _session_end(end: datetime | None, *, last: bool) -> Row:
    if end is None:
        return {"statecode": 0, "statuscode": 1, "msdyn_sessionclosedon": None, "msdyn_closurereason": None}
    return {
        "statecode": 1,
        "statuscode": 2,
        "msdyn_sessionclosedon": whole_seconds(end),
        "msdyn_wrapupinitiatedon": whole_seconds(end),
        "msdyn_closurereason": CUSTOMER_DISCONNECT if last else AGENT_TRANSFERRED,
    }
