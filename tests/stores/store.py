"""What all stores in memory have in common: one lock, failures on demand, and views over a link that can be cut."""

import copy
import functools
from collections.abc import Callable
from threading import RLock
from typing import Concatenate, Self, cast

from capture.errors import Transient


class Switch:
    """Something that may fail: an account, or a node's link to it.

    `down` makes every call fail with Transient. `calls` has those that were answered, in their order. `watch` is told
    of every call before it happens, as "ledger.merge", and may raise: so a simulation kills a node between two calls.
    """

    def __init__(self) -> None:
        self.down = False
        self.watch: Callable[[str], None] | None = None
        self.calls: list[str] = []
        self._planned: list[tuple[str, bool, Exception]] = []

    def fail_next(self, call: str = "", times: int = 1, error: Exception | None = None, *, after: bool = False) -> None:
        """Let the next calls whose name ends with `call` fail; `after` their effect means that the answer is lost."""
        self._planned += [(call, after, error or Transient(f"planned failure of {call or 'the next call'}"))] * times

    def before(self, call: str) -> None:
        if self.watch is not None:
            self.watch(call)
        if self.down:
            raise Transient(f"{call}: the store is down")
        self._raise_planned(call, after=False)

    def effect(self, call: str, store: "Store", arguments: tuple[object, ...], result: object) -> None:
        """Learn what a call has just done, before anybody can know its answer: for simulations, which override it."""

    def after(self, call: str) -> None:
        self.calls.append(call)
        self._raise_planned(call, after=True)

    def _raise_planned(self, call: str, *, after: bool) -> None:
        for number, (name, late, error) in enumerate(self._planned):
            if late == after and call.endswith(name):
                del self._planned[number]
                raise error


class Store:
    """Base of every store. Data live in containers that all views share; the link is the view's own."""

    kind = "store"

    def __init__(self) -> None:
        self.power = Switch()
        self.link = Switch()
        self.lock = RLock()

    def view(self, link: Switch) -> Self:
        """Make the same store as it is seen over `link`."""
        seen = copy.copy(self)
        seen.link = link
        return seen

    def fail_next(self, call: str = "", times: int = 1, error: Exception | None = None, *, after: bool = False) -> None:
        """Let the next calls of this store fail; see Switch."""
        self.power.fail_next(f"{self.kind}.{call}" if call else "", times, error, after=after)


def operation[S: Store, **P, R](method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make a method a call to the store: it may fail, is recorded, and nobody sees it half done."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        name = f"{self.kind}.{method.__name__}"
        self.link.before(name)
        with self.lock:
            self.power.before(name)
            result = method(self, *args, **kwargs)
            self.link.effect(name, self, args, result)
            self.power.after(name)
        self.link.after(name)
        return result

    return cast("Callable[Concatenate[S, P], R]", call)
