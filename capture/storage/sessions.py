"""Agents' sessions: a row each, spread over partitions; beside it where its seats are; and a list of the open ones."""

import hashlib
from collections.abc import Mapping
from itertools import islice
from typing import Any

from azure.data.tables import TableClient, UpdateMode

from capture import messages
from capture.model.identity import AgentId, SessionId
from capture.model.session import AgentSession, merge_sessions
from capture.model.workstation import Place
from capture.storage import rows
from capture.storage.failures import failures, once_more

_OPEN = "open"


class TableSessions:
    """The sessions, in the table `sessions`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def get(self, session_id: SessionId) -> AgentSession | None:
        """Read what is known of one session."""
        with failures(self._setting, "read a session"):
            return _session(rows.read(self._table, _partition(session_id), rows.safe(session_id)))

    def merge(self, session: AgentSession) -> tuple[AgentSession | None, AgentSession]:
        """Join a fact in; return what was known before and is known now."""
        before: AgentSession | None = None
        known = session

        def join(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal before, known
            before = _session(row)
            known = session if before is None else merge_sessions(before, session)
            return None if known == before else rows.spread("session", messages.agent_sessions.to_json(known).decode())

        with failures(self._setting, "merge a session"):
            rows.change(self._table, _partition(session.id), rows.safe(session.id), join)
            # Also when the fact is known already: whoever brought it first may have been killed here.
            if known.closed_on is None and (before is None or known == before):
                entry = {"PartitionKey": _OPEN, "RowKey": rows.safe(session.id)}
                once_more(lambda: self._table.upsert_entity(entry, mode=UpdateMode.REPLACE))
        return before, known

    def open(self, limit: int) -> list[SessionId]:
        """Sessions that have not ended, at most `limit`."""
        with failures(self._setting, "list open sessions"):
            found = self._table.query_entities(
                f"PartitionKey eq '{_OPEN}'", select=["RowKey"], results_per_page=max(1, min(limit, rows.PAGE))
            )
            return [SessionId(rows.plain(row["RowKey"])) for row in islice(found, limit)]

    def close(self, session_id: SessionId) -> None:
        """Take a session off that list; no error when it is not there."""
        with failures(self._setting, "close a session"):
            once_more(lambda: self._table.delete_entity(_OPEN, rows.safe(session_id)))

    def place(self, session_id: SessionId, place: Place) -> Place:
        """Keep where a seat is recorded, unless a place is known already; return the place that holds."""
        partition, key = _partition(session_id), _seat_key(session_id, place.agent_id)
        with failures(self._setting, "place a seat"):
            if rows.insert(self._table, partition, key, _seat_row(place)):
                return place
            found = rows.read(self._table, partition, key)
        return _place(found) if found is not None else place

    def move(self, session_id: SessionId, place: Place) -> None:
        """Keep where a seat is recorded, whatever was known."""
        key = _seat_key(session_id, place.agent_id)
        entity = {"PartitionKey": _partition(session_id), "RowKey": key, **_seat_row(place)}
        with failures(self._setting, "move a seat"):
            once_more(lambda: self._table.upsert_entity(entity, mode=UpdateMode.REPLACE))

    def places(self, session_id: SessionId) -> dict[AgentId, Place]:
        """Read where the seats of a session are recorded."""
        partition, key = _partition(session_id), rows.safe(session_id)
        # "}" follows "|" among the characters.
        wanted = f"PartitionKey eq '{partition}' and RowKey ge '{key}|' and RowKey lt '{key}}}'"
        with failures(self._setting, "read the seats of a session"):
            found = once_more(lambda: list(self._table.query_entities(wanted)))
        return {place.agent_id: place for place in map(_place, found)}


def _partition(session_id: SessionId) -> str:
    # 256 of them, so that no partition's limit is that of the node; a hash, whatever the ids begin with.
    return hashlib.sha256(session_id.encode()).hexdigest()[:2]


def _seat_key(session_id: SessionId, agent_id: AgentId) -> str:
    return f"{rows.safe(session_id)}|{rows.safe(agent_id)}"


def _seat_row(place: Place) -> rows.Row:
    return {"workstation": place.workstation, "since": rows.moment(place.since), "at": rows.moment(place.at)}


def _place(row: Mapping[str, Any]) -> Place:
    agent_id = AgentId(rows.plain(row["RowKey"].partition("|")[2]))
    return Place(agent_id, row["workstation"], rows.parse_moment(row["since"]), rows.parse_moment(row["at"]))


def _session(row: Mapping[str, object] | None) -> AgentSession | None:
    text = rows.gather("session", row) if row is not None else None
    return messages.agent_sessions.from_json(text) if text is not None else None
