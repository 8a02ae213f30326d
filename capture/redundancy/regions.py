"""The lease blobs of the three regions, asked side by side. A store that does not answer is left alone for a while."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from capture.errors import CaptureError, Transient
from capture.ports import Lease
from capture.redundancy.rest import Rest
from capture.redundancy.together import Together, one_by_one

MAJORITY = 2
"""Two of three."""

LEFT_ALONE = Transient("has just not answered, and is left alone for a while")
"""What stands in for the answer of a store that has not been asked."""


class Regions:
    """What elections and fences of one process ask.

    A call to a store that hangs costs its whole time-out. Any two stores are enough to decide, so the third is left out
    after it has not answered, until its rest is over or the other two do not both answer.
    """

    def __init__(
        self,
        leases: Sequence[Lease],
        rests: Sequence[Rest],
        together: Together = one_by_one,
    ) -> None:
        """Take the leases, the one in the own region first, and the rest of each; the own one is always asked."""
        self._leases = tuple(leases)
        self._rests = dict(zip(self._leases, rests, strict=True))
        self._together = together

    @property
    def leases(self) -> tuple[Lease, ...]:
        """All of them, the one in the own region first."""
        return self._leases

    def __len__(self) -> int:
        """How many there are."""
        return len(self._leases)

    def ask(self, call: Callable[[Lease], object]) -> dict[Lease, object]:
        """Ask all, and return what each has answered or the failure; one that is left alone counts as failed."""
        awake = [lease for lease in self._leases if lease is self._leases[0] or not self._rests[lease].on]
        answers = self.ask_of(awake, call)
        if sum(not isinstance(answer, CaptureError) for answer in answers.values()) < MAJORITY:
            answers |= self.ask_of([lease for lease in self._leases if lease not in answers], call)
        return {lease: answers.get(lease, LEFT_ALONE) for lease in self._leases}

    def ask_of(self, leases: Iterable[Lease], call: Callable[[Lease], object]) -> dict[Lease, object]:
        """Ask these, whether they rest or not."""
        asked = list(leases)
        answers = dict(zip(asked, self._together([partial(call, lease) for lease in asked]), strict=True))
        for lease, answer in answers.items():
            if isinstance(answer, CaptureError):
                self._rests[lease].begin()
            else:
                self._rests[lease].end()
        return answers
