"""The messages of the platform, and the tables for which a step may be registered on them."""

from collections.abc import Iterator

from lab.dynamics.roster import steady_id
from lab.dynamics.schema import TABLES
from lab.dynamics.tables import Row

MESSAGES = ("Create", "Update", "Delete", "Assign", "SetState", "CreateMultiple", "UpdateMultiple")


def messages(organisation: str, created_on: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of `sdkmessage`, and of `sdkmessagefilter` for every table of Omnichannel."""
    times = {"createdon": created_on, "modifiedon": created_on}
    for message in MESSAGES:
        message_id = steady_id(organisation, "sdkmessage", message)
        yield "sdkmessage", {"sdkmessageid": message_id, "name": message, **times}
        for table in TABLES:
            if table.startswith("msdyn_"):
                row = {
                    "sdkmessagefilterid": steady_id(organisation, "sdkmessagefilter", f"{message}-{table}"),
                    "name": None,
                    "primaryobjecttypecode": table,
                    "iscustomprocessingstepallowed": True,
                    "_sdkmessageid_value": message_id,
                }
                yield "sdkmessagefilter", row | times
