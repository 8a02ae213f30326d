"""An agent in a live call, and the rows that a call begins with."""

from dataclasses import dataclass, field
from datetime import datetime

from lab.dynamics.conversations import CONSULT, VOICE_CALL
from lab.dynamics.organisation import whole_seconds
from lab.dynamics.tables import Row

OPEN: Row = {"statecode": 0, "statuscode": 1}


@dataclass(slots=True)
class LiveSeat:
    """One agent in one session, with the times as they really were."""

    session_id: str
    participant_id: str
    agent: Row
    mode: str
    called_on: datetime
    accepted_on: datetime | None = None
    closed_on: datetime | None = None
    hold_id: str | None = None
    holds: list[tuple[datetime, datetime | None]] = field(default_factory=list)


def session_row(seat: LiveSeat, conversation_id: str, subject: str, at: str) -> Row:
    """Return the row of a session that has just been assigned."""
    return {
        "activityid": seat.session_id,
        "msdyn_sessionid": seat.session_id,
        "subject": subject,
        "_msdyn_liveworkitemid_value": conversation_id,
        "_ownerid_value": seat.agent["systemuserid"],
        "_msdyn_primarysession_value": None,
        "msdyn_channel": VOICE_CALL,
        "msdyn_state": None,
        "msdyn_sessioncreatedon": at,
        "msdyn_agentassignedon": at,
        "msdyn_agentacceptedon": None,
        "msdyn_sessionclosedon": None,
        "msdyn_closurereason": None,
        **OPEN,
    }


def participant_row(seat: LiveSeat, mode: int, queue_id: str) -> Row:
    """Return the row of somebody who has been asked to take part."""
    return {
        "msdyn_sessionparticipantid": seat.participant_id,
        "msdyn_name": seat.agent["fullname"],
        "_msdyn_omnichannelsession_value": seat.session_id,
        "_msdyn_agentid_value": seat.agent["systemuserid"],
        "_msdyn_cdsqueueid_value": queue_id,
        "_ownerid_value": seat.agent["systemuserid"],
        "msdyn_activedirectoryuserid": seat.agent["azureactivedirectoryobjectid"],
        "msdyn_mode": mode,
        "msdyn_joinedon": None,
        "msdyn_lefton": None,
        "msdyn_assignreason": "AgentConsult" if mode == CONSULT else None,
        "msdyn_leftonreason": None,
        **OPEN,
    }


def conversation_row(conversation_id: str, agent: Row, customer: Row, queue: Row, now: datetime) -> Row:
    """Return the row of a conversation that has just begun."""
    title = f"{customer['fullname']}: {queue['name']}"
    times = ("msdyn_createdon", "msdyn_initiatedon", "msdyn_startedon", "msdyn_modifiedon", "actualstart")
    return {
        "activityid": conversation_id,
        "msdyn_ocliveworkitemid": conversation_id,
        "subject": title,
        "msdyn_title": title,
        "msdyn_channel": str(VOICE_CALL),
        "msdyn_channelprovidername": "Azure Communication Services",
        "msdyn_isoutbound": False,
        "msdyn_isagentaccepted": False,
        "msdyn_isabandoned": False,
        "msdyn_transfercount": 0,
        "_msdyn_activeagentid_value": agent["systemuserid"],
        "_msdyn_customer_value": customer["contactid"],
        "_ownerid_value": agent["systemuserid"],
        "_msdyn_cdsqueueid_value": queue["queueid"],
        "msdyn_closedon": None,
        **dict.fromkeys(times, whole_seconds(now)),
        **OPEN,
    }
