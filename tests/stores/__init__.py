"""The stores of capture.ports in memory, for unit tests and simulations.

The suite in tests/contract holds them to the behaviour of the real ones.

- clock.py      time moved by hand
- store.py      what all have in common: locks, failures on demand, views over a link that can be cut
- tables.py     ledger, jobs, interactions, open conversations, outbox, state
- leases.py     the lease blob
- blobs.py      archive and heartbeats
- queues.py     queues with visibility, time to live and dequeue counts
- screens.py    sessions, sign-ins, alarms, boards, staged recordings of screens
- account.py    one region's account with all of them, and a node's view of it
"""
