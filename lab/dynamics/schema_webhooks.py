"""The tables by which webhooks are registered. Microsoft Learn, "Dataverse table reference"."""

from lab.dynamics.columns import PLATFORM, Collection, Lookup, Table, columns

STEP_STATES = {"statecode": {0: "Enabled", 1: "Disabled"}, "statuscode": {1: "Enabled", 2: "Disabled"}}

ENDPOINT = Table(
    "serviceendpoint",
    "serviceendpoints",
    "serviceendpointid",
    "name",
    columns(
        guid="serviceendpointid",
        text="name description url authvalue",
        integer="contract authtype messageformat connectionmode versionnumber",
        time=PLATFORM["time"],
    ),
    collections={
        "serviceendpoint_sdkmessageprocessingstep": Collection("sdkmessageprocessingstep", "_eventhandler_value")
    },
    labels={
        "contract": {8: "Webhook"},
        "authtype": {4: "WebhookKey", 5: "HttpHeader", 6: "HttpQueryString"},
    },
    writable=True,
    secret=frozenset({"authvalue"}),
)

MESSAGE = Table(
    "sdkmessage",
    "sdkmessages",
    "sdkmessageid",
    "name",
    columns(guid="sdkmessageid", text="name", integer="versionnumber", time=PLATFORM["time"]),
)

FILTER = Table(
    "sdkmessagefilter",
    "sdkmessagefilters",
    "sdkmessagefilterid",
    "name",
    columns(
        guid="sdkmessagefilterid _sdkmessageid_value",
        text="name primaryobjecttypecode",
        boolean="iscustomprocessingstepallowed",
        integer="versionnumber",
        time=PLATFORM["time"],
    ),
    {"sdkmessageid": Lookup("_sdkmessageid_value", "sdkmessage")},
)

STEP = Table(
    "sdkmessageprocessingstep",
    "sdkmessageprocessingsteps",
    "sdkmessageprocessingstepid",
    "name",
    columns(
        guid="sdkmessageprocessingstepid _sdkmessageid_value _sdkmessagefilterid_value _eventhandler_value",
        text="name description filteringattributes configuration",
        boolean="asyncautodelete",
        integer=PLATFORM["integer"] + " stage mode rank supporteddeployment",
        time=PLATFORM["time"],
    ),
    {
        "sdkmessageid": Lookup("_sdkmessageid_value", "sdkmessage"),
        "sdkmessagefilterid": Lookup("_sdkmessagefilterid_value", "sdkmessagefilter"),
        "eventhandler_serviceendpoint": Lookup("_eventhandler_value", "serviceendpoint"),
    },
    labels=STEP_STATES,
    writable=True,
)

IMAGE = Table(
    "sdkmessageprocessingstepimage",
    "sdkmessageprocessingstepimages",
    "sdkmessageprocessingstepimageid",
    "name",
    columns(
        guid="sdkmessageprocessingstepimageid _sdkmessageprocessingstepid_value",
        text="name description entityalias attributes messagepropertyname",
        integer="imagetype versionnumber",
        time=PLATFORM["time"],
    ),
    {"sdkmessageprocessingstepid": Lookup("_sdkmessageprocessingstepid_value", "sdkmessageprocessingstep")},
    writable=True,
)

WEBHOOK_TABLES = (ENDPOINT, MESSAGE, FILTER, STEP, IMAGE)
