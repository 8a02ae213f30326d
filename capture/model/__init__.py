"""The values of the product and their merges: pure, standard library only, no clock and no I/O.

- identity.py      names of things: recording, conversation, node, epoch
- recording.py     a recording as Dynamics lists it, and the job of archiving it
- ledger.py        what has become of a recording: facts that merge
- conversation.py  the metadata of a call, and the interaction that joins all its recordings
- authority.py     roles, watermarks, heartbeats: what carries an epoch
- session.py       an agent's session as a merge of timestamps
- workstation.py   who is signed in where
- board.py         what is wanted of the desktop at a workstation
- media.py         what the first bytes of a file say it is
- path.py          where in the archive a recording lives: a pure function of its ids
"""
