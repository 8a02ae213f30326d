"""The tables that hold what happened in a session. Microsoft Learn, "Omnichannel table reference"."""

from lab.dynamics.columns import ACTIVE_STATES, PLATFORM, Lookup, Table, columns

SESSION_EVENT = Table(
    "msdyn_sessionevent",
    "msdyn_sessionevents",
    "msdyn_sessioneventid",
    "msdyn_name",
    columns(
        guid="msdyn_sessioneventid _msdyn_omnichannelsession_value _ownerid_value",
        text="msdyn_name",
        integer=PLATFORM["integer"] + " msdyn_eventtype msdyn_eventreason",
        time=PLATFORM["time"] + " msdyn_eventtime",
    ),
    {"msdyn_omnichannelsession": Lookup("_msdyn_omnichannelsession_value", "msdyn_ocsession")},
    labels=ACTIVE_STATES,
    writable=True,
)

PARTICIPANT_EVENT = Table(
    "msdyn_ocsessionparticipantevent",
    "msdyn_ocsessionparticipantevents",
    "msdyn_ocsessionparticipanteventid",
    "msdyn_name",
    columns(
        guid="msdyn_ocsessionparticipanteventid _msdyn_sessionid_value _msdyn_sessionparticipantid_value"
        " _ownerid_value",
        text="msdyn_name",
        integer=PLATFORM["integer"] + " msdyn_eventtype msdyn_eventreason msdyn_eventduration",
        time=PLATFORM["time"] + " msdyn_eventstarttime msdyn_eventendtime",
    ),
    {
        "msdyn_sessionid": Lookup("_msdyn_sessionid_value", "msdyn_ocsession"),
        "msdyn_sessionparticipantid": Lookup("_msdyn_sessionparticipantid_value", "msdyn_sessionparticipant"),
    },
    labels=ACTIVE_STATES,
    writable=True,
)

EVENT_TABLES = (SESSION_EVENT, PARTICIPANT_EVENT)
