"""Which changes of which rows Dynamics is asked to tell: what `webhook.py` can read, and no more.

Of an update only the columns that the product reads count, so that a save of anything else sends nothing.
"""

from dataclasses import dataclass

STAGE_AFTER_THE_OPERATION = 40
MODE_ASYNCHRONOUS = 1
IMAGE_ALIAS = "PostImage"
IMAGE_AFTER = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """One step. `image` are the columns that come along whether they changed or not."""

    table: str
    message: str
    image: tuple[str, ...]
    filtering: tuple[str, ...] = ()
    """Of an Update: the columns of which at least one must have been written."""

    @property
    def image_of(self) -> str:
        """The parameter of the message that names the row which the image shows."""
        return "Id" if self.message == "Create" else "Target"


_SESSION = (
    "activityid",
    "createdon",
    "modifiedon",
    "msdyn_agentacceptedon",
    "msdyn_agentassignedon",
    "msdyn_channel",
    "msdyn_closurereason",
    "msdyn_liveworkitemid",
    "msdyn_primarysession",
    "msdyn_sessionclosedon",
    "msdyn_sessioncreatedon",
    "ownerid",
    "statecode",
)
_SESSION_CHANGES = (
    "msdyn_agentacceptedon",
    "msdyn_agentassignedon",
    "msdyn_closurereason",
    "msdyn_liveworkitemid",
    "msdyn_sessionclosedon",
    "ownerid",
    "statecode",
)
_PARTICIPANT = (
    "createdon",
    "modifiedon",
    "msdyn_agentid",
    "msdyn_joinedon",
    "msdyn_lefton",
    "msdyn_mode",
    "msdyn_omnichannelsession",
)
_HOLD = (
    "createdon",
    "modifiedon",
    "msdyn_eventendtime",
    "msdyn_eventstarttime",
    "msdyn_eventtype",
    "msdyn_sessionid",
)
_EVENT = ("createdon", "msdyn_eventtype", "msdyn_omnichannelsession")

SUBSCRIPTIONS = (
    Subscription("msdyn_ocsession", "Create", _SESSION),
    Subscription("msdyn_ocsession", "Update", _SESSION, _SESSION_CHANGES),
    Subscription("msdyn_sessionparticipant", "Create", _PARTICIPANT),
    Subscription(
        "msdyn_sessionparticipant", "Update", _PARTICIPANT, ("msdyn_agentid", "msdyn_joinedon", "msdyn_lefton")
    ),
    Subscription("msdyn_ocsessionparticipantevent", "Create", _HOLD),
    Subscription("msdyn_ocsessionparticipantevent", "Update", _HOLD, ("msdyn_eventendtime", "msdyn_eventstarttime")),
    Subscription("msdyn_sessionevent", "Create", _EVENT),
)
