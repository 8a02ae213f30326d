"""When which node queried the organisation, as the organisation saw it: what a failover is measured by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from lab.pair import Pair


@dataclass(frozen=True, slots=True)
class Poll:
    """One list of recordings by time that the organisation answered; `at` in seconds since 1970."""

    at: float
    node: str


def polls(pair: Pair) -> list[Poll]:
    """Every poll so far, in order of time. A refused one (429, 500, ...) found nothing out and is left out."""
    names = {credential.client_id: name for name, credential in pair.credentials.items()}
    seen = [poll for poll in pair.organisation.polls() if poll["status"] == 200]
    found = (Poll(datetime.fromisoformat(poll["at"]).timestamp(), names[poll["client_id"]]) for poll in seen)
    return sorted(found, key=lambda poll: poll.at)


def seconds_to_poll(found: Iterable[Poll], moment: float, node: str | None = None) -> float | None:
    """Seconds from `moment` to the first poll after it, by `node` or by anybody; None when there was none."""
    after = (poll.at - moment for poll in found if poll.at > moment and node in (None, poll.node))
    return min(after, default=None)


def longest_gap(found: Sequence[Poll], begin: float, end: float) -> float:
    """Longest time without a poll in the stretch, at its beginning and end too. Gaps that begin before it count whole.

    `found` is in order of time.
    """
    before = max((poll.at for poll in found if poll.at <= begin), default=begin)
    times = [before, *(poll.at for poll in found if begin < poll.at < end), end]
    return max(later - sooner for sooner, later in pairwise(times))
