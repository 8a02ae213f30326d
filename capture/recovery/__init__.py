"""Nothing is missing, and it can be shown: compare with Dynamics, fetch what is missing, verify what is archived.

- compare.py    what Dynamics has on a page against what the ledger knows
- looking.py    a period or ids, page by page
- fetch.py      what is missing is given out as ordinary jobs
- settle.py     what has become of it
- keeping.py    how far a request has come, here and at the peer
- work.py       works off the requests, on the ACTIVE node, a bounded part at a time
- automatic.py  the requests that nobody has to make
- asking.py     people's requests
- chain.py      seals the log of what was archived, day by day, and checks the blocks
- objects.py    reads archived objects again
- verify.py     the log, the ledgers and the objects against each other
- days.py       how each day stands
- expiry.py     what has been kept long enough is deleted
- holds.py      a recording is put under legal hold, or released
- removal.py    one recording is removed by a person's word
"""
