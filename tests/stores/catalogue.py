"""What is kept for people, in memory."""

from datetime import UTC, date

from capture.model.catalogue import REMOVED, Finding, Page, Word, join, words
from capture.model.identity import Epoch
from capture.model.reign import Reign
from capture.ports import Listening
from tests.stores.store import Store, operation


class MemoryCatalogue(Store):
    """`lines` by day and key: a word, then time and id."""

    kind = "catalogue"

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[date, dict[str, Finding]] = {}

    @operation
    def add(self, finding: Finding) -> None:
        when = finding.created_on.astimezone(UTC)
        lines = self.lines.setdefault(when.date(), {})
        name = f"{when:%Y%m%dT%H%M%S.%f}|{finding.recording_id}"
        finding = join(lines.get(f"0|{name}"), finding)
        if finding.state == REMOVED:
            for key in [key for key in lines if key.endswith(f"|{name}")]:
                del lines[key]
        for prefix in ("0", *(f"{word.value}|{value}" for word, value in words(finding))):
            lines[f"{prefix}|{name}"] = finding

    @operation
    def search(self, day: date, word: tuple[Word, str] | None, limit: int, after: str | None = None) -> Page:
        prefix = "0|" if word is None else f"{word[0].value}|{word[1]}"
        lines = self.lines.get(day, {})
        keys = sorted(key for key in lines if key.startswith(prefix) and (after is None or key > after))
        return Page(tuple(lines[key] for key in keys[:limit]), keys[limit - 1] if len(keys) > limit else None)


class MemoryReigns(Store):
    """`reigns` by epoch."""

    kind = "reigns"

    def __init__(self) -> None:
        super().__init__()
        self.reigns: dict[Epoch, Reign] = {}

    @operation
    def note(self, reign: Reign) -> None:
        self.reigns.setdefault(reign.epoch, reign)
        for epoch in sorted(self.reigns)[:-500]:
            del self.reigns[epoch]

    @operation
    def latest(self, limit: int) -> list[Reign]:
        return sorted(self.reigns.values(), reverse=True)[:limit]


class MemoryListenings(Store):
    """`listenings` by ten minutes, person and recording."""

    kind = "listenings"

    def __init__(self) -> None:
        super().__init__()
        self.listenings: dict[tuple[str, str, str], Listening] = {}

    @operation
    def note(self, listening: Listening) -> bool:
        key = (f"{listening.at:%Y%m%dT%H%M}"[:12], listening.who, listening.recording_id)
        return self.listenings.setdefault(key, listening) is listening

    @operation
    def of_day(self, day: date, limit: int) -> list[Listening]:
        found = [each for each in self.listenings.values() if each.at.astimezone(UTC).date() == day]
        return sorted(found, key=lambda each: each.at)[:limit]
