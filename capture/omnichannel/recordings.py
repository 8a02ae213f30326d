"""Which recordings there are: rows of `msdyn_ocrecording`, with their conversation's row where it is wanted."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from capture.errors import Transient
from capture.events import Event, emit
from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from capture.omnichannel import query, rows
from capture.omnichannel.aside import Aside
from capture.omnichannel.conversations import CONVERSATION_COLUMNS
from capture.omnichannel.rows import Row
from capture.omnichannel.web_api import LARGEST_PAGE, WebApi
from capture.ports import Clock

RECORDINGS = "msdyn_ocrecordings"

_CONVERSATION = "msdyn_liveworkitemid"
"""The navigation property from a recording to its conversation."""

_TARGET = "_msdyn_recordingtarget_value"
# Every list reads the columns from which the conversation is told, since the archive path depends on it.
_FEW = query.columns(
    "msdyn_ocrecordingid", "createdon", "msdyn_recording", "_msdyn_liveworkitemid_value", _TARGET,
)  # fmt: skip
_ALL = query.columns(_FEW, "msdyn_recording_name")
_WITH_CONVERSATION = f"{_CONVERSATION}($select={CONVERSATION_COLUMNS})"
# Many rows share a second: without the unique column at the end a row could stand on two pages, or on none.
_IN_ORDER = "createdon asc,msdyn_ocrecordingid asc"


class Recordings:
    """The recordings of the organisation. Conversation rows that come with them go to `aside`."""

    def __init__(self, api: WebApi, aside: Aside, clock: Clock, page_size: int) -> None:
        self._api = api
        self._aside = aside
        self._clock = clock
        self._page_size = page_size

    def since(self, cursor: datetime) -> Iterator[list[Recording]]:
        """Pages of recordings with `createdon >= cursor`, whole seconds, oldest first."""
        path = query.query(
            RECORDINGS,
            select=_ALL,
            filter=f"createdon ge {query.second(cursor)}",
            orderby=_IN_ORDER,
            expand=_WITH_CONVERSATION,
        )
        for page in self._api.pages(path, self._page_size):
            yield self._read(page)

    def between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        """Pages of recordings with `start <= createdon <= end`, ids and files only."""
        # `lt` the next second and not `le`: a row in the middle of the last second belongs to it.
        path = query.query(
            RECORDINGS,
            select=_FEW,
            filter=f"createdon ge {query.second(start)} and createdon lt {query.second(end + timedelta(seconds=1))}",
            orderby=_IN_ORDER,
        )
        for page in self._api.pages(path, LARGEST_PAGE):
            yield [recording for recording in _recordings(page) if start <= recording.created_on <= end]

    def by_id(self, ids: Sequence[RecordingId]) -> list[Recording]:
        """Those of these recordings that still exist."""
        return self._with("msdyn_ocrecordingid", ids)

    def of(self, ids: Sequence[ConversationId]) -> list[Recording]:
        """Recordings of these conversations."""
        return self._with("_msdyn_liveworkitemid_value", ids)

    def _with(self, column: str, ids: Sequence[str]) -> list[Recording]:
        found: list[Recording] = []
        for some in query.slices(ids):
            path = query.query(
                RECORDINGS,
                select=_ALL,
                filter=query.any_of(column, some),
                orderby=_IN_ORDER,
                expand=_WITH_CONVERSATION,
            )
            for page in self._api.pages(path):
                found += self._read(page)
        return found

    def count(self, start: datetime, end: datetime) -> int:
        """Count the recordings with `start <= createdon < end`, whole seconds: Dynamics counts, nothing is listed.

        `$count` says 5,000 when there are as many or more (Microsoft Learn, "Query data using the Web API"): then the
        span is halved. That many in one second are counted as 5,000.
        """
        path = query.query(
            RECORDINGS,
            select="msdyn_ocrecordingid",
            filter=f"createdon ge {query.second(start)} and createdon lt {query.second(end)}",
            count="true",
            top="1",
        )
        said = self._api.get(path).get("@odata.count")
        if not isinstance(said, int) or said < 0:
            raise Transient(f"{RECORDINGS}: the answer of Dynamics has no count")
        middle = (start + (end - start) / 2).replace(microsecond=0)
        if said < LARGEST_PAGE or not start < middle < end:
            return said
        return self.count(start, middle) + self.count(middle, end)

    def _read(self, page: list[Row]) -> list[Recording]:
        read_at = self._clock.now()
        for row in page:
            conversation = row.get(_CONVERSATION)
            if isinstance(conversation, dict) and (key := rows.guid(conversation, "activityid")) is not None:
                self._aside.put(key, conversation, read_at)
        return _recordings(page)


def _recordings(page: list[Row]) -> list[Recording]:
    read = [recording for row in page if (recording := recording_of(row)) is not None]
    if len(read) < len(page):
        emit(Event.ROWS_SKIPPED, logging.WARNING, count=len(page) - len(read))
    return read


def recording_of(row: Row) -> Recording | None:
    """Read a recording; None when the row has no usable id or creation time."""
    recording_id = rows.guid(row, "msdyn_ocrecordingid")
    created_on = rows.moment(row, "createdon")
    if recording_id is None or created_on is None:
        return None
    conversation_id = _conversation_id(row)
    return Recording(
        id=RecordingId(recording_id),
        created_on=created_on.replace(microsecond=0),
        conversation_id=None if conversation_id is None else ConversationId(conversation_id),
        file_id=rows.text(row, "msdyn_recording"),
        file_name=rows.text(row, "msdyn_recording_name"),
    )


def _conversation_id(row: Row) -> str | None:
    # The target of a recording may also be a phone call or an appointment: those are no conversations.
    lookup = rows.guid(row, "_msdyn_liveworkitemid_value")
    if lookup is None and rows.table(row, _TARGET) == "msdyn_ocliveworkitem":
        return rows.guid(row, _TARGET)
    return lookup
