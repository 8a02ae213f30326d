"""A person looks for recordings: `console/search` and `GET /api/recordings`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from capture.errors import Malformed
from capture.model.catalogue import Finding, Word, as_name, as_number, finding, words
from capture.model.time_text import text_of
from capture.ports import Catalogue, Clock, Interactions

_MOST_DAYS = 31
_PAGE, _LARGEST_PAGE = 50, 200
_MOST_READS = 20
"""Pages read of the store for one of the answer, when two words are asked for and only one of them is looked up."""


@dataclass(frozen=True, slots=True)
class Search:
    """Finds by day and agent, number or conversation."""

    catalogue: Catalogue
    interactions: Interactions
    clock: Clock

    def run(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Take `day` (UTC, today), `to`, `agent`, `number`, `conversation`, `limit`, `after`, all of them optional.

        Answer with the findings, the latest day first, and with `after` for the next page, null when there is none.
        Malformed names what is wrong. A conversation needs no day.
        """
        wanted = _wanted(query)
        limit = _limit(query.get("limit"))
        conversation = query.get("conversation", "").strip().lower()
        if conversation and not query.get("day"):
            return {"findings": [as_json(each) for each in self._of(conversation, wanted)], "after": None}
        days = self._days(query)
        start, key = _position(query.get("after", ""), days)
        found: list[Finding] = []
        reads = 0
        for day in days[start:]:
            while True:
                page = self.catalogue.search(day, wanted[0] if wanted else None, limit - len(found), key)
                found += [each for each in page.findings if _fits(each, wanted)]
                found = list({(each.created_on, each.recording_id): each for each in found}.values())
                key, reads = page.after, reads + 1
                if key is not None and (len(found) >= limit or reads >= _MOST_READS):
                    return {"findings": [as_json(each) for each in found], "after": f"{day}|{key}"}
                if key is None:
                    break
            following = days[days.index(day) + 1 :]
            if len(found) >= limit and following:
                return {"findings": [as_json(each) for each in found], "after": f"{following[0]}|"}
        return {"findings": [as_json(each) for each in found], "after": None}

    def _of(self, conversation: str, wanted: list[tuple[Word, str]]) -> Iterator[Finding]:
        interaction = self.interactions.get(conversation)
        for entry in interaction.recordings if interaction is not None else ():
            line = finding(entry, interaction.conversation if interaction is not None else None)
            if _fits(line, wanted):
                yield line

    def _days(self, query: Mapping[str, str]) -> list[date]:
        first = _day(query, "day") or self.clock.now().date()
        last = _day(query, "to") or first
        if last < first:
            raise Malformed("to: lies before day")
        if (last - first).days >= _MOST_DAYS:
            raise Malformed(f"to: at most {_MOST_DAYS} days are searched at once")
        return [last - timedelta(days=ago) for ago in range((last - first).days + 1)]


def as_json(line: Finding) -> dict[str, Any]:
    """Write a line for a reader. Times are UTC in ISO 8601."""
    return {**asdict(line), "agents": list(line.agents), "created_on": text_of(line.created_on, precise=True)}


def _wanted(query: Mapping[str, str]) -> list[tuple[Word, str]]:
    """List what is asked for, what tells most apart first: that is what is looked up."""
    forms = {Word.CONVERSATION: str.lower, Word.NUMBER: as_number, Word.AGENT: as_name}
    asked = [(word, form(query.get(word.value, "").strip())) for word, form in forms.items()]
    for (word, value), text in zip(asked, (query.get(word.value, "").strip() for word in forms), strict=True):
        if text and not value:
            raise Malformed(f"{word.value}: {text!r} has no digits" if word is Word.NUMBER else f"{word.value}: empty")
    return [(word, value) for word, value in asked if value]


def _fits(line: Finding, wanted: list[tuple[Word, str]]) -> bool:
    has = words(line)
    return all(any(word is kind and text.startswith(value) for kind, text in has) for word, value in wanted)


def _limit(text: str | None) -> int:
    try:
        limit = int(text or _PAGE)
    except ValueError:
        raise Malformed("limit: is no number") from None
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Malformed(f"limit: must be from 1 to {_LARGEST_PAGE}")
    return limit


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(query[name]) if query.get(name) else None
    except ValueError:
        raise Malformed(f"{name}: must be a day such as 2026-11-22, in UTC") from None


def _position(after: str, days: list[date]) -> tuple[int, str | None]:
    if not after:
        return 0, None
    day, _, key = after.partition("|")
    try:
        return days.index(date.fromisoformat(day)), key or None
    except ValueError:
        raise Malformed("after: must be what the page before gave, for the same search") from None
