"""The tables of the organisation: columns and relationships, by the names of the Web API.

Nothing here holds a row. Names are those of Microsoft Learn, "Omnichannel table reference".
"""

from lab.dynamics.columns import ACTIVE_STATES, CHANNELS, PLATFORM, Collection, Kind, Lookup, Table, columns
from lab.dynamics.schema_events import EVENT_TABLES
from lab.dynamics.schema_webhooks import WEBHOOK_TABLES

__all__ = ["SETS", "TABLES", "Collection", "Kind", "Lookup", "Table"]

CONVERSATION = Table(
    "msdyn_ocliveworkitem",
    "msdyn_ocliveworkitems",
    "activityid",
    "subject",
    columns(
        guid="activityid _msdyn_activeagentid_value _msdyn_activesessionparticipantid_value"
        " _msdyn_lastsessionid_value _msdyn_customer_value _ownerid_value _msdyn_cdsqueueid_value"
        " _msdyn_queueid_value _msdyn_liveworkstreamid_value",
        text="subject msdyn_ocliveworkitemid msdyn_title msdyn_channelprovidername",
        integer=PLATFORM["integer"]
        + " msdyn_statuschangereason msdyn_conversationhandletimeinseconds"
        " msdyn_conversationtalktimeinseconds msdyn_conversationholdtimeinseconds"
        " msdyn_conversationwrapuptimeinseconds msdyn_conversationfirstwaittimeinseconds"
        " msdyn_transfercount msdyn_escalationcount",
        boolean="msdyn_isoutbound msdyn_isabandoned msdyn_isagentaccepted",
        choices="msdyn_channel",
        time=PLATFORM["time"]
        + " msdyn_createdon msdyn_initiatedon msdyn_startedon msdyn_closedon msdyn_wrapupinitiatedon"
        " msdyn_statusupdatedon msdyn_modifiedon msdyn_activeagentassignedon msdyn_firstwaitstartedon"
        " actualstart actualend",
    ),
    {
        "msdyn_activeagentid": Lookup("_msdyn_activeagentid_value", "systemuser"),
        "msdyn_cdsqueueid": Lookup("_msdyn_cdsqueueid_value", "queue"),
        "msdyn_customer_contact": Lookup("_msdyn_customer_value", "contact"),
    },
    {
        "msdyn_msdyn_ocliveworkitem_msdyn_ocrecording_liveworkitemid": Collection(
            "msdyn_ocrecording", "_msdyn_liveworkitemid_value"
        ),
        "msdyn_msdyn_ocliveworkitem_msdyn_ocsession_liveworkstreamid": Collection(
            "msdyn_ocsession", "_msdyn_liveworkitemid_value"
        ),
        "msdyn_msdyn_ocliveworkitem_msdyn_ocphonecallengagementctx_liveworkitemid": Collection(
            "msdyn_ocphonecallengagementctx", "_msdyn_liveworkitemid_value"
        ),
    },
    {
        "statecode": {0: "Open", 1: "Closed", 2: "Resolved", 3: "Scheduled", 4: "Wrap-up"},
        "statuscode": {
            1: "Open", 2: "Active", 3: "Waiting", 4: "Closed", 5: "Wrap-up", 6: "Resolved", 7: "Scheduled",
        },
        "msdyn_channel": CHANNELS,
    },
)  # fmt: skip

SESSION = Table(
    "msdyn_ocsession",
    "msdyn_ocsessions",
    "activityid",
    "subject",
    columns(
        guid="activityid _msdyn_liveworkitemid_value _ownerid_value _msdyn_primarysession_value",
        text="subject msdyn_sessionid",
        integer=PLATFORM["integer"] + " msdyn_state msdyn_channel msdyn_closurereason",
        time=PLATFORM["time"]
        + " msdyn_sessioncreatedon msdyn_agentassignedon msdyn_agentacceptedon msdyn_sessionclosedon"
        " msdyn_wrapupinitiatedon msdyn_queueassignedon msdyn_sessionmodifiedon",
    ),
    {"msdyn_liveworkitemid": Lookup("_msdyn_liveworkitemid_value", "msdyn_ocliveworkitem")},
    {
        "msdyn_ocsession_sessionparticipant_nested": Collection(
            "msdyn_sessionparticipant", "_msdyn_omnichannelsession_value"
        )
    },
    {
        "statecode": {0: "Open", 1: "Completed", 2: "Canceled", 3: "Scheduled"},
        "statuscode": {1: "Open", 2: "Completed", 3: "Canceled", 4: "Scheduled"},
        "msdyn_channel": CHANNELS,
    },
)

PARTICIPANT = Table(
    "msdyn_sessionparticipant",
    "msdyn_sessionparticipants",
    "msdyn_sessionparticipantid",
    "msdyn_name",
    columns(
        guid="msdyn_sessionparticipantid _msdyn_omnichannelsession_value _msdyn_agentid_value"
        " _msdyn_cdsqueueid_value _ownerid_value",
        text="msdyn_name msdyn_activedirectoryuserid msdyn_assignreason msdyn_leftonreason",
        integer=PLATFORM["integer"]
        + " msdyn_mode msdyn_consultmode msdyn_conversationaccess msdyn_externalparticipantchanneltype"
        " msdyn_activetime msdyn_inactivetime msdyn_idletime msdyn_holdtime msdyn_talktime"
        " msdyn_activewrapuptime",
        time=PLATFORM["time"] + " msdyn_joinedon msdyn_lefton msdyn_lastupdatedon msdyn_addedon msdyn_modifiedon"
        " msdyn_startholdtime msdyn_starttalktime",
    ),
    {
        "msdyn_omnichannelsession": Lookup("_msdyn_omnichannelsession_value", "msdyn_ocsession"),
        "msdyn_agentid": Lookup("_msdyn_agentid_value", "systemuser"),
        "msdyn_cdsqueueid": Lookup("_msdyn_cdsqueueid_value", "queue"),
    },
    labels=ACTIVE_STATES
    | {"msdyn_mode": {192350002: "Primary", 192350003: "Consult", 192350004: "Monitor", 192350005: "Preview"}},
)

RECORDING = Table(
    "msdyn_ocrecording",
    "msdyn_ocrecordings",
    "msdyn_ocrecordingid",
    "msdyn_name",
    columns(
        guid="msdyn_ocrecordingid _msdyn_liveworkitemid_value _msdyn_recordingtarget_value"
        " _msdyn_sourcelanguage_value _ownerid_value",
        text="msdyn_name msdyn_recording_name msdyn_recordingmetadata_name msdyn_mediauri"
        " msdyn_applicationid msdyn_recordingtargetidtype",
        integer=PLATFORM["integer"],
        time=PLATFORM["time"],
        file="msdyn_recording msdyn_recordingmetadata",
    ),
    {"msdyn_liveworkitemid": Lookup("_msdyn_liveworkitemid_value", "msdyn_ocliveworkitem")},
    labels=ACTIVE_STATES,
)

PHONE_CONTEXT = Table(
    "msdyn_ocphonecallengagementctx",
    "msdyn_ocphonecallengagementctxes",
    "msdyn_ocphonecallengagementctxid",
    "msdyn_callername",
    columns(
        guid="msdyn_ocphonecallengagementctxid _msdyn_liveworkitemid_value",
        text="msdyn_callsid msdyn_fromphone msdyn_tophone msdyn_callername msdyn_providername",
        integer=PLATFORM["integer"],
        time=PLATFORM["time"],
    ),
    {"msdyn_liveworkitemid": Lookup("_msdyn_liveworkitemid_value", "msdyn_ocliveworkitem")},
    labels=ACTIVE_STATES,
)

USER = Table(
    "systemuser",
    "systemusers",
    "systemuserid",
    "fullname",
    columns(
        guid="systemuserid azureactivedirectoryobjectid applicationid msdyn_botapplicationid",
        text="fullname domainname internalemailaddress",
        boolean="isdisabled",
        integer="versionnumber",
        time=PLATFORM["time"],
    ),
)

QUEUE = Table(
    "queue",
    "queues",
    "queueid",
    "name",
    columns(guid="queueid", text="name", integer=PLATFORM["integer"], time=PLATFORM["time"]),
    labels=ACTIVE_STATES,
)

CONTACT = Table(
    "contact",
    "contacts",
    "contactid",
    "fullname",
    columns(guid="contactid", text="fullname", integer=PLATFORM["integer"], time=PLATFORM["time"]),
    labels=ACTIVE_STATES,
)

TABLES = {
    table.name: table
    for table in (
        *(CONVERSATION, SESSION, PARTICIPANT, RECORDING, PHONE_CONTEXT, USER, QUEUE, CONTACT),
        *EVENT_TABLES,
        *WEBHOOK_TABLES,
    )
}
SETS = {table.set_name: table for table in TABLES.values()}
