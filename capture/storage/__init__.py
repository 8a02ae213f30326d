"""The only code that imports azure.storage, azure.data and azure.identity.

- accounts.py            from a Functions connection to clients: credentials, time-outs, repeats
- failures.py            what a failure of the store means to the caller
- rows.py                keys, long texts and compare-and-set in tables
- leases.py heartbeats.py                          coordination: blobs
- ledger.py jobs.py interactions.py open_conversations.py outbox.py state.py    one table each
- sessions.py workstations.py alarms.py            screens: one table each
- boards.py staged.py signature.py                  screens: blobs that desktops reach through signed addresses
- queues.py archive.py upload.py
- stores.py              everything of one node, of its peer and of the witness, opened at once
"""
