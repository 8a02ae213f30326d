"""The ids under which an organisation knows the messages of the platform, and which table may be told of by which."""

from collections.abc import Iterator, Mapping
from itertools import chain

from capture.errors import Permanent
from capture.omnichannel import query, rows
from capture.omnichannel.rows import Row
from capture.omnichannel.subscriptions import SUBSCRIPTIONS, Subscription
from capture.omnichannel.web_api import WebApi

type Messages = Mapping[Subscription, tuple[str, str]]
"""Ids of the message and of its filter for a table."""


def messages(api: WebApi) -> Messages:
    """Look up the ids of all messages and filters; Permanent names the table that the organisation lacks."""
    names = sorted({each.message for each in SUBSCRIPTIONS})
    wanted = " or ".join(f"name eq '{name}'" for name in names)
    path = query.query("sdkmessages", select="sdkmessageid,name", filter=wanted)
    ids = {rows.text(row, "name"): rows.guid(row, "sdkmessageid") for row in _rows(api, path)}
    if not all(ids.get(name) for name in names):
        raise Permanent("sdkmessages: Dynamics shows no Create or Update: may the application user read them?")
    tables = " or ".join(f"primaryobjecttypecode eq '{name}'" for name in sorted({e.table for e in SUBSCRIPTIONS}))
    path = query.query(
        "sdkmessagefilters",
        select="sdkmessagefilterid,primaryobjecttypecode,_sdkmessageid_value",
        filter=f"({query.any_of('_sdkmessageid_value', [each for each in ids.values() if each])}) and ({tables})",
    )
    filters = {
        (rows.guid(row, "_sdkmessageid_value"), rows.text(row, "primaryobjecttypecode")): rows.guid(
            row, "sdkmessagefilterid"
        )
        for row in _rows(api, path)
    }
    found: dict[Subscription, tuple[str, str]] = {}
    for each in SUBSCRIPTIONS:
        message = ids.get(each.message)
        known = filters.get((message, each.table))
        if message is None or known is None:
            raise Permanent(
                f"this organisation cannot tell of {each.message} of {each.table}: is Omnichannel installed, and "
                "may the application user read sdkmessagefilter?"
            )
        found[each] = message, known
    return found


def _rows(api: WebApi, path: str) -> Iterator[Row]:
    return chain.from_iterable(api.pages(path))
