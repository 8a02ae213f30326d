"""Both nodes, their stores, Dynamics and the network in one process under a virtual clock: one seed, one history.

- kernel.py      virtual time; tasks that are switched at every call to the outside world
- pool.py        calls side by side
- clock.py       what time each node believes it is
- network.py     links and accounts: latency, refusals, lost replies, crashes between any two writes
- dynamics.py    the organisation, and each node's view of it
- host.py        the Functions host of one node
- triggers.py    its timers, its queues, and what goes wrong on the way of a message
- calls.py       the workload
- weather/       the faults
- liveness.py    somebody is ACTIVE, and what is there in time is given out in time
- truth.py       what really is the case, for the invariants
- invariants.py  what must never happen, checked at the effect of each call
- ending.py      what must be so when everything has calmed down
- story.py       what happened, readable
- world.py       builds the world of one history and plays it
- history.py     runs one seed
- mutants/       faults put into the protocol, each of which must be noticed
"""
