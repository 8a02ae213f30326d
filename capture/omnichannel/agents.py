"""The users who are agents (`systemuser`), remembered for a while: they change rarely and take part in many calls."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

from capture.model.conversation import Agent
from capture.omnichannel import query, rows
from capture.omnichannel.web_api import WebApi
from capture.ports import Clock

_KEPT_SECONDS = 3600.0
_MOST_AGENTS = 10_000

# Omnichannel fills the one for its bots, the platform the other for application users; of a person both are empty.
_PROGRAM_COLUMNS = ("msdyn_botapplicationid", "applicationid")
_COLUMNS = query.columns(
    "systemuserid",
    "fullname",
    "domainname",
    "internalemailaddress",
    "azureactivedirectoryobjectid",
    *_PROGRAM_COLUMNS,
)


class Agents:
    """Agents by id. Threads may share it."""

    def __init__(self, api: WebApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Agent, float]] = OrderedDict()

    def named(self, people: Mapping[str, str | None]) -> dict[str, Agent]:
        """Return an agent for every id; of a user who cannot be found no more than the name that came along."""
        found = self._remembered(people)
        unknown = [each for each in people if each not in found]
        for some in query.slices(unknown):
            path = query.query("systemusers", select=_COLUMNS, filter=query.any_of("systemuserid", some))
            read: dict[str, Agent] = {}
            for page in self._api.pages(path):
                for row in page:
                    agent_id = rows.guid(row, "systemuserid")
                    if agent_id is not None:
                        read[agent_id] = Agent(
                            id=agent_id,
                            name=rows.text(row, "fullname"),
                            email=rows.text(row, "internalemailaddress"),
                            domain_name=rows.text(row, "domainname"),
                            entra_object_id=rows.guid(row, "azureactivedirectoryobjectid"),
                            is_program=any(row.get(column) for column in _PROGRAM_COLUMNS),
                        )
            # A deleted user is remembered too, so as not to be asked for with every page.
            found |= self._remember({each: read.get(each) or Agent(each, people[each]) for each in some})
        return found

    def _remembered(self, people: Mapping[str, str | None]) -> dict[str, Agent]:
        now = self._clock.monotonic()
        with self._lock:
            kept = {each: self._kept[each] for each in people if each in self._kept}
        return {each: agent for each, (agent, read_at) in kept.items() if now - read_at <= _KEPT_SECONDS}

    def _remember(self, agents: dict[str, Agent]) -> dict[str, Agent]:
        now = self._clock.monotonic()
        with self._lock:
            for each, agent in agents.items():
                self._kept[each] = (agent, now)
                self._kept.move_to_end(each)
            while len(self._kept) > _MOST_AGENTS:
                self._kept.popitem(last=False)
        return agents
