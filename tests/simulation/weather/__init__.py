"""Faults: which episodes a history has, when they begin, and that all of them end.

- sky.py        what all episodes have in common, and the list of them
- processes.py  crashes, stops, pauses
- links.py      accounts that are down, links that are cut, slow or lossy
- queues.py     messages that come twice, late, or in another order
- source.py     what Dynamics does
- people.py     what a person says
- plan.py       the classes of histories, and which episodes each has
"""

from tests.simulation.weather.plan import KINDS, Weather
from tests.simulation.weather.sky import ACCOUNTS, NODES

__all__ = ["ACCOUNTS", "KINDS", "NODES", "Weather"]
