"""Nothing is missing, and it can be shown: compare with Dynamics, fetch what is missing, verify what is archived.

- compare.py    what Dynamics has in a period against what the ledger knows
- fetch.py      what is missing is given out as ordinary jobs
- settle.py     what has become of it
- work.py       works off the requests, on the ACTIVE node, a bounded part at a time
- automatic.py  the requests that nobody has to make
- asking.py     people's requests
- chain.py      seals the log of what was archived, day by day, and checks the blocks
- verify.py     reads archived objects again
"""
