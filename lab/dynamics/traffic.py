"""Calls that go on by themselves: a day in the contact centre, at a given rate."""

import threading
from types import TracebackType
from typing import Self

from lab.dynamics.calls import CallPlan, publish, realistic
from lab.dynamics.organisation import Organisation

_PULSE_SECONDS = 0.02


class Traffic:
    """Publishes realistic calls from a thread of its own while the context is open."""

    def __init__(self, organisation: Organisation, calls_per_second: float, plan: CallPlan | None = None) -> None:
        self._organisation, self._rate, self._plan = organisation, calls_per_second, plan or CallPlan()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        if self._rate > 0:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        # callers do not dial in step: the gaps between calls are exponential
        while not self._stopped.wait(self._organisation.random.expovariate(self._rate)):
            publish(self._organisation, realistic(self._plan, self._organisation))


class Pulse:
    """Does what is due in the organisation while the context is open, so that nobody has to look for it to happen."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_PULSE_SECONDS):
            self._organisation.settle()
