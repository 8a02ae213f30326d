"""Faults put into the protocol by patching its classes, each of which the invariants must notice.

- discovery.py  what finds new recordings, gives them out, and moves the watermark
- authority.py  who may do what, and until when
- work.py       the archiving of one recording
- merges.py     what the nodes tell each other, and how they join it
- registry.py   all of them by name, and the hunt
"""

from tests.simulation.mutants import authority, discovery, merges, work
from tests.simulation.mutants.registry import MUTANTS, Verdict, hunt

__all__ = ["MUTANTS", "Verdict", "authority", "discovery", "hunt", "merges", "work"]
