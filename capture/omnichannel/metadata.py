"""Which calls it takes to describe conversations: by the page, never by the recording."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from capture.model.conversation import Conversation
from capture.model.day import CompletedCall
from capture.model.identity import ConversationId
from capture.model.recording import Recording
from capture.omnichannel import query, rows
from capture.omnichannel.agents import Agents
from capture.omnichannel.aside import Aside
from capture.omnichannel.conversations import (
    CONVERSATION_COLUMNS,
    PARTICIPANT_COLUMNS,
    PARTICIPANTS,
    PHONE_COLUMNS,
    SESSION_COLUMNS,
    conversation_id_of,
    conversation_of,
    people,
)
from capture.omnichannel.rows import Row
from capture.omnichannel.web_api import LARGEST_PAGE, WebApi
from capture.ports import Clock

_TIMES = query.columns("activityid", "createdon", "msdyn_startedon", "msdyn_closedon")
_ENDED = "(statecode eq 1 or statecode eq 2)"
_VOICE = "Microsoft.Dynamics.CRM.ContainValues(PropertyName='msdyn_channel',PropertyValues=['192440000'])"
_LOOKUP = "_msdyn_liveworkitemid_value"


class Metadata:
    """Descriptions of conversations. A hundred of them take a call for sessions, one for phones, one for new agents."""

    def __init__(self, api: WebApi, agents: Agents, aside: Aside, clock: Clock) -> None:
        self._api = api
        self._agents = agents
        self._aside = aside
        self._clock = clock

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        """Describe the conversations of these recordings, from the rows that came with them where those are fresh."""
        ids = dict.fromkeys(each.conversation_id for each in recordings if each.conversation_id is not None)
        known: dict[str, tuple[Row, datetime]] = {}
        for each in ids:
            if (kept := self._aside.get(each)) is not None:
                known[each] = kept
        known |= self._rows([each for each in ids if each not in known])
        return self._described(known)

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Describe these conversations from rows read now."""
        return self._described(self._rows(ids))

    def completed(self, start: datetime, end: datetime) -> Iterator[list[CompletedCall]]:
        """Pages of the voice conversations created with `start <= createdon < end` that are closed or resolved."""
        path = query.query(
            "msdyn_ocliveworkitems",
            select=_TIMES,
            filter=f"createdon ge {query.second(start)} and createdon lt {query.second(end)} and {_ENDED} and {_VOICE}",
            orderby="createdon asc,activityid asc",
        )
        for page in self._api.pages(path, LARGEST_PAGE):
            yield [call for row in page if (call := _completed(row)) is not None]

    def _rows(self, ids: Iterable[str]) -> dict[str, tuple[Row, datetime]]:
        found: dict[str, tuple[Row, datetime]] = {}
        for some in query.slices(ids):
            path = query.query(
                "msdyn_ocliveworkitems", select=CONVERSATION_COLUMNS, filter=query.any_of("activityid", some)
            )
            for page in self._api.pages(path):
                read_at = self._clock.now()
                for row in page:
                    if (key := rows.guid(row, "activityid")) is not None:
                        found[key] = row, read_at
        return found

    def _described(self, known: dict[str, tuple[Row, datetime]]) -> dict[ConversationId, Conversation]:
        # Sessions are read after the conversation's own row: of one that reads as finished they are complete.
        sessions = self._by_conversation(
            "msdyn_ocsessions",
            known,
            select=SESSION_COLUMNS,
            orderby="createdon asc,activityid asc",
            expand=f"{PARTICIPANTS}($select={PARTICIPANT_COLUMNS})",
        )
        phones = self._by_conversation(
            "msdyn_ocphonecallengagementctxes",
            known,
            select=PHONE_COLUMNS,
            orderby="createdon asc,msdyn_ocphonecallengagementctxid asc",
        )
        agents = self._agents.named(people(row for some in sessions.values() for row in some))
        made = (
            conversation_of(row, read_at, sessions[key], phones[key], agents) for key, (row, read_at) in known.items()
        )
        return {each.id: each for each in made if each is not None}

    def _by_conversation(self, entity_set: str, ids: Iterable[str], **options: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for some in query.slices(ids):
            path = query.query(entity_set, filter=query.any_of(_LOOKUP, some), **options)
            for page in self._api.pages(path):
                for row in page:
                    if (key := conversation_id_of(row)) is not None:
                        found[key].append(row)
        return found


def _completed(row: Row) -> CompletedCall | None:
    conversation_id, created_on = rows.guid(row, "activityid"), rows.moment(row, "createdon")
    if conversation_id is None or created_on is None:
        return None
    start, end = rows.moment(row, "msdyn_startedon"), rows.moment(row, "msdyn_closedon")
    seconds = None if start is None or end is None else int((end - start).total_seconds())
    return CompletedCall(ConversationId(conversation_id), created_on, seconds)
