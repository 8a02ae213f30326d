"""The calls of `make screen-demo`: who is rung when, and what becomes of it."""

from dataclasses import dataclass

type Step = list[object]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that rings at desk `desk` so many seconds after the beginning; its steps count from the ringing."""

    at: float
    desk: int
    steps: tuple[Step, ...]

    @property
    def ends(self) -> float:
        """When the last step is over."""
        return self.at + max(float(str(step[1])) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Plan:
    """One round: the calls, and when a node is killed and started again, in seconds from the beginning."""

    calls: tuple[PlannedCall, ...]
    killed_at: float
    back_at: float

    @property
    def seconds(self) -> float:
        """How long the round takes."""
        return max(self.back_at, *(call.ends for call in self.calls))


def _answered(at: float, desk: int, end: float, *between: Step) -> PlannedCall:
    return PlannedCall(at, desk, (["ring", 0], ["accept", 2], *between, ["end", end]))


def short_plan() -> Plan:
    """Two desks, a quarter of a minute: answered with a hold, missed, transferred, declined; killed in the middle."""
    return Plan(
        calls=(
            _answered(0, 0, 12, ["hold", 4], ["resume", 5]),
            PlannedCall(1, 1, (["ring", 0], ["miss", 4])),
            _answered(6.5, 1, 11, ["transfer", 7, 0]),
            PlannedCall(14.5, 1, (["ring", 0], ["decline", 2])),
        ),
        killed_at=5.5,
        back_at=16,
    )


def plan(groups: int) -> Plan:
    """Four desks a group, most of a minute. Calls go on when the node dies (14 s) and when it is back (34 s)."""
    calls: list[PlannedCall] = []
    for group in range(groups):
        a, b, c, d = (4 * group + place for place in range(4))
        late = 0.4 * group  # people do not dial in step
        calls += [
            _answered(0 + late, a, 18, ["hold", 5], ["resume", 8]),
            _answered(1 + late, b, 22, ["transfer", 9, c]),
            PlannedCall(2 + late, d, (["ring", 0], ["miss", 5])),
            _answered(9 + late, d, 16),
            _answered(12 + late, b, 14),
            PlannedCall(19 + late, a, (["ring", 0], ["decline", 2])),
            _answered(24 + late, a, 13, ["consult", 5, c], ["leave", 9]),
            PlannedCall(27 + late, b, (["ring", 0], ["miss", 4])),
            _answered(30 + late, d, 12),
            _answered(38 + late, b, 12, ["transfer", 6, c]),
            _answered(40 + late, a, 9, ["hold", 4], ["resume", 6]),
            PlannedCall(44 + late, d, (["ring", 0], ["decline", 2])),
        ]
    return Plan(tuple(sorted(calls, key=lambda call: call.at)), killed_at=14, back_at=34)
