"""What a webhook of Dataverse says of an agent's session: the door of the payload. Pure.

Which rows stand for which events: Microsoft Learn, "Omnichannel table reference". Nothing here waits for an order:
every payload becomes a few timestamps that are merged with what is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from capture.messages import RowRef, ScreenFact
from capture.model.identity import NodeName
from capture.model.session import AgentSession
from capture.omnichannel.execution import RowChange, execution
from capture.omnichannel.session_rows import (
    Unknown,
    of_event,
    of_hold,
    of_participant,
    of_session,
)


@dataclass(frozen=True, slots=True)
class _Table:
    key: str
    read: Callable[[RowChange], AgentSession | Unknown | None]
    on_update: bool = True


TABLES = {
    "msdyn_ocsession": _Table("activityid", of_session),
    "msdyn_sessionparticipant": _Table("msdyn_sessionparticipantid", of_participant),
    "msdyn_ocsessionparticipantevent": _Table("msdyn_ocsessionparticipanteventid", of_hold),
    "msdyn_sessionevent": _Table("msdyn_sessioneventid", of_event, on_update=False),
}


def facts_of(body: bytes, headers: Mapping[str, str], *, node: NodeName, received_at: datetime) -> ScreenFact | None:
    """Return the fact in a payload, None if it is of another table or message.

    Malformed says why it is no RemoteExecutionContext. Of CreateMultiple and UpdateMultiple, on which the product
    registers nothing, this is the first row's; `every_fact_of` has them all.
    """
    return next(iter(every_fact_of(body, headers, node=node, received_at=received_at)), None)


def every_fact_of(
    body: bytes, headers: Mapping[str, str], *, node: NodeName, received_at: datetime
) -> tuple[ScreenFact, ...]:
    """Return a fact for every row that a payload tells of; Malformed as `facts_of`."""
    told = execution(body, headers)
    table = TABLES.get(told.table)
    if table is None or not told.is_of_rows:
        return ()
    facts: list[ScreenFact] = []
    for change in told.changes(table.key, received_at):
        if not (change.created or table.on_update):
            continue
        said: AgentSession | Unknown | None = Unknown() if change.cut else table.read(change)
        if said is None:
            continue
        facts.append(
            ScreenFact(
                heard_by=node,
                event_id=change.event_id,
                received_at=received_at,
                session=said if isinstance(said, AgentSession) else said.session,
                read_back=None if isinstance(said, AgentSession) else RowRef(change.table, change.id),
            )
        )
    return tuple(facts)
