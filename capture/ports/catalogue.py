"""What is kept for people: by what recordings are found, who reigned, who listened to what."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from capture.model.catalogue import Finding, Page, Word
from capture.model.identity import RecordingId
from capture.model.reign import Reign


@dataclass(frozen=True, slots=True)
class Listening:
    """A person listened to a recording, or saw it; `who` is the id of the account, `name` what it is called."""

    at: datetime
    who: str
    name: str
    recording_id: RecordingId


class Catalogue(Protocol):
    """By what recordings are found: for each day (UTC, of `created_on`) its recordings and their words."""

    def add(self, finding: Finding) -> None:
        """Keep a line under its day and all of its words. What it does not know, an earlier line of it may.

        A line that is not archived never replaces one that is, but for one that is removed: that one is found by its
        day and its conversation alone, with nothing personal in it, and stays so.
        """

    def search(self, day: date, word: tuple[Word, str] | None, limit: int, after: str | None = None) -> Page:
        """Find the lines of a day, or those with a word that begins so; at most `limit`, from `after` on.

        The lines of a day come oldest first, those of a word in the order of the words, then oldest first.
        """


class Reigns(Protocol):
    """Who was ACTIVE, and since when. Bounded: the oldest go."""

    def note(self, reign: Reign) -> None:
        """Keep it, unless its epoch is there."""

    def latest(self, limit: int) -> list[Reign]:
        """Read the latest, the highest epoch first."""


class Listenings(Protocol):
    """Who listened to what."""

    def note(self, listening: Listening) -> bool:
        """Keep it; False when the same person's is there for the same recording and the same ten minutes."""

    def of_day(self, day: date, limit: int) -> list[Listening]:
        """Read those of a day in UTC, oldest first, at most `limit`."""
