"""What `make screen-demo` does: calls with a node killed in the middle, and a call that no webhook tells of."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from lab.check import unfinished
from lab.desk import Desk
from lab.pair import NODES
from lab.screen_check import unfinished_screens
from lab.screen_floor import Floor
from lab.screen_plan import Plan, PlannedCall
from lab.screen_truth import Key, TrueSession, ended
from lab.waiting import TimeoutExpiredError, wait_until

_MOST_SECONDS_TO_FINISH = 180.0
_SETTLE_SECONDS = 3.0
_LOOK_SECONDS = 0.05
_ACTIVE_SECONDS = 60.0


@dataclass(slots=True)
class Round:
    """One round: which conversations it had, which node was killed, how long everything took to be archived."""

    conversations: set[str] = field(default_factory=set)
    victim: str = ""
    seconds_to_finish: float | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """How long it took until the sweep made up for a webhook that never came."""

    conversation: str
    start_seconds: float | None
    stop_seconds: float | None


class Rounds:
    """Plays on one floor. `tell` hears what is going on."""

    def __init__(self, floor: Floor, tell: Callable[[str], None]) -> None:
        self._floor = floor
        self._pair = floor.pair
        self._tell = tell

    @property
    def stores(self) -> dict[str, str]:
        """Connection strings by node name."""
        return {name: self._pair.storage[name].connection_string for name in NODES}

    def truth(self) -> list[TrueSession]:
        """All sessions so far that have ended."""
        return ended(self._pair.organisation.live_truth())

    def play(self, plan: Plan) -> Round:
        """Ring as planned, kill the ACTIVE node in the middle and start it again; wait until all is archived."""
        done = Round()
        self._pair.wait_for_active(_ACTIVE_SECONDS)
        began = time.monotonic()
        steps: list[tuple[float, Callable[[], None]]] = [(plan.killed_at, lambda: self._kill(done))]
        steps.append((plan.back_at, lambda: self._start_again(done)))
        steps += [(call.at, partial(self._ring_in, done, call)) for call in plan.calls]
        for at, act in sorted(steps, key=lambda step: step[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            act()
        time.sleep(max(0.0, began + plan.seconds - time.monotonic()))
        self._pair.nodes[done.victim].wait()
        done.seconds_to_finish = self.finish()
        return done

    def finish(self) -> float | None:
        """Wait until every call is over and archived, audio and screens; None when that does not come."""
        try:
            waited = wait_until("everything is archived", self._finished, _MOST_SECONDS_TO_FINISH, every=1)
        except TimeoutExpiredError as error:
            self._tell(str(error))  # the check says what is missing
            return None
        time.sleep(_SETTLE_SECONDS)  # a second copy would show up now
        self._tell(f"everything is archived {waited:.0f} s after the last call")
        return round(waited, 1)

    def repair(self, sweep_seconds: float = 15.0) -> Repair:
        """Ring once while the webhooks of the ringing and of the end are withheld; measure when the sweep sees it."""
        organisation, desk = self._pair.organisation, self._floor.desks[0]
        self._pair.wait_for_active(_ACTIVE_SECONDS)
        organisation.faults(kind="suppress_webhook", seconds=3)
        accept, end = sweep_seconds + 5, sweep_seconds + 9
        conversation = self._ring(0, [["ring", 0], ["accept", accept], ["end", end]])
        time.sleep(end - 1)
        organisation.faults(kind="suppress_webhook", seconds=4)
        wait_until("the call has ended", lambda: any(one.conversation_id == conversation for one in self.truth()), 30)
        one = next(one for one in self.truth() if one.conversation_id == conversation)
        wait_until("the recorder has stopped", lambda: _noted(desk, "recording_ended", one) is not None, 60)
        organisation.clear_faults()
        self.finish()
        begun, over = _noted(desk, "recording_started", one), _noted(desk, "recording_ended", one)
        return Repair(
            conversation,
            round((begun - one.called_on).total_seconds(), 2) if begun else None,
            round((over - one.closed_on).total_seconds(), 2) if over else None,
        )

    def _ring(self, desk: int, steps: list[list[object]]) -> str:
        return self._pair.organisation.live(desk, steps, size_bytes=65_536)

    def _ring_in(self, done: Round, call: PlannedCall) -> None:
        done.conversations.add(self._ring(call.desk, list(call.steps)))

    def _kill(self, done: Round) -> None:
        done.victim = (self._pair.active() or [NODES[0]])[0]
        self._pair.nodes[done.victim].kill()
        self._tell(f"ACTIVE node {done.victim} is killed, calls go on")

    def _start_again(self, done: Round) -> None:
        self._pair.nodes[done.victim].start()
        self._tell(f"node {done.victim} is started again")

    def _finished(self) -> bool:
        told = self._pair.organisation.live_truth()
        truth = ended(told)
        published = self._pair.organisation.published(hashes=False)
        return (
            len(truth) == len(told)
            and unfinished_screens(truth, self.stores) == 0
            and unfinished(published, self.stores) == 0
        )


def start_latencies(floor: Floor) -> dict[Key, tuple[float, float]]:
    """Seconds from the webhook, and from the ringing, to the first picture, by seat; as the recorders say.

    The second one is a little long: it ends when the recorder has seen the picture.
    """
    told = floor.pair.organisation.live_truth()
    rung = {(one["session_id"], one["agent_id"]): datetime.fromisoformat(one["called_on"]) for one in told}
    return {
        note.seat: (note.after, (note.at - rung[note.seat]).total_seconds())
        for desk in floor.desks
        for note in desk.notes()
        if note.event == "recording_started" and note.part == 1 and note.after is not None and note.seat in rung
    }


def _noted(desk: Desk, event: str, one: TrueSession) -> datetime | None:
    return next((note.at for note in desk.notes() if (note.event, note.seat) == (event, one.key)), None)
