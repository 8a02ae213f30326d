"""Agents' screens: from the webhook to the archived picture.

- receive.py       the webhook side (RIS): kept durably, answered, applied at once in the background
- background.py    work that goes on after an answer, bounded
- sessions.py      applies a fact: complete it, merge it, publish what follows, forward it to the peer
- seating.py       which agent sits where
- unseated.py      seats that wait for somebody to sign in
- placing.py       at which workstation a seat is recorded
- orders.py        what is wanted of each desktop, on its board
- memory.py        what this process has placed and published for sure
- keys.py          who may ask: keys of workstations, the header secret of webhooks
- desktops.py      what desktops say and ask
- handover.py      from what a desktop has staged into the archive: when, by whom, and who is told
- taking.py        the bytes themselves: verified and committed
- sweep.py         what lost webhooks have not said, and long calls
- staging.py       what lies staged: what nobody needs any more, and what its desktop never reported
- counts.py        what this process has seen, for `status`
"""
