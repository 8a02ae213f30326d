"""Faults in the archiving of one recording."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from capture.audio import fetch, finish, ingest
from capture.errors import Mangled, Waiting
from tests.simulation.mutants.registry import instead, mutant


@mutant("look-first is ignored", "7", kind="crash")
def _no_look() -> Iterator[None]:
    run_it = ingest.Ingest._archive

    def blind(self: Any, command: Any, **kwargs: Any) -> None:  # noqa: ANN401
        run_it(self, replace(command, look_first=False), **kwargs)

    with instead(ingest.Ingest, "_archive", blind):
        yield


@mutant("the own archive alone is looked into", "7", kind="crash")
def _own_alone() -> Iterator[None]:
    def blind(self: Any, command: Any, **_: Any) -> Any:  # noqa: ANN401
        return self.fetcher.archive.find(self.fetcher.stem(command))

    with instead(ingest.Ingest, "_look", blind):
        yield


@mutant("the length is not verified", "0 wrong", "end: wrong", kind="source")
def _no_length() -> Iterator[None]:
    with instead(fetch, "_verify", lambda *_: None):
        yield


@mutant("waiting counts as a failure and parks", "end")
def _waiting_parks() -> Iterator[None]:
    postpone = ingest.Ingest._postpone

    def park(self: Any, command: Any, error: Any) -> None:  # noqa: ANN401
        if isinstance(error, Waiting) and not isinstance(error, Mangled):
            self._park(command, str(error))
        else:
            postpone(self, command, error)

    with instead(ingest.Ingest, "_postpone", park):
        yield


@mutant("the ledger is written before the interaction", "end", kind="crash")
def _ledger_first() -> Iterator[None]:
    keep = finish.Finisher.keep

    def first(self: Any, entry: Any, conversation: Any) -> Any:  # noqa: ANN401
        self.ledger.merge(entry)
        return keep(self, entry, conversation)

    with instead(finish.Finisher, "keep", first):
        yield
