"""Somebody is ACTIVE whenever somebody could be; what is there in time is given out in time."""

from tests.simulation.calls import Call
from tests.simulation.dynamics import SourceView
from tests.simulation.truth import Truth

_PATIENCE = 30.0
_TAIL = 12.0


class Liveness:
    """Looks once a second."""

    def __init__(self, truth: Truth, sources: dict[str, SourceView]) -> None:
        self._truth = truth
        self._sources = sources
        self._healthy_since: dict[str, float] = {}
        self._active_at = 0.0

    def start(self) -> None:
        """Look now, and again in a second."""
        self._look()

    def expect(self, call: Call) -> None:
        """Let somebody be given this recording within some seconds of its appearance."""
        due = call.visible_at + _TAIL
        self._truth.kernel.at(due + 0.01, lambda: self._given(call, due))

    def _given(self, call: Call, due: float) -> None:
        recording = call.recording.id
        if self._truth.commanded.get(recording, due + 1) > due:
            self._truth.violated("9 not punctual", f"{recording} of {call.recording.created_on}", recording)

    def _look(self) -> None:
        truth, now = self._truth, self._truth.kernel.now
        truth.kernel.at(now + 1.0, self._look)
        if truth.active() is not None:
            self._active_at = now
        for node in truth.hosts:
            if not self._healthy(node):
                self._healthy_since.pop(node, None)
            elif now - self._healthy_since.setdefault(node, now) >= _PATIENCE and now - self._active_at > _PATIENCE:
                truth.violated("8 nobody ACTIVE", f"{node} could have been for {now - self._healthy_since[node]:.0f} s")
                self._active_at = now

    def _healthy(self, node: str) -> bool:
        """Tell whether a node could be ACTIVE now: nothing of its own is in its way, and two accounts are up.

        Where a person lets it reign alone, it need reach no account but its own.
        """
        truth, host = self._truth, self._truth.hosts[node]
        lines = [line for line in truth.lines.values() if line.node == node]
        down = [line for line in lines if line.power.outages]
        if not host.up or host.draining or truth.kernel.paused(node) or not self._sources[node].good:
            return False
        if truth.kernel.now < truth.alone_until.get(node, 0.0) and all(
            line.good if line.account == node else not line.open for line in lines
        ):
            # A peer that can see this account takes its lease now and then: nobody reigns alone against that.
            return not any(other.up for name, other in truth.hosts.items() if name != node)
        return (
            len(down) < 2
            and all(line.account != node for line in down)
            and not any(line.cuts or line.slow or line.lossy for line in lines)
        )
