"""Names of things. Each is a plain string or integer at run time and a type of its own to the checker."""

from typing import NewType

RecordingId = NewType("RecordingId", str)
"""`msdyn_ocrecordingid`: a lower-case guid."""

ConversationId = NewType("ConversationId", str)
"""`activityid` of `msdyn_ocliveworkitem`: a lower-case guid."""

NodeName = NewType("NodeName", str)
"""Name of one node of the pair; `main` and `peer` by default."""

Epoch = NewType("Epoch", int)
"""Number of a reign. Grows with every change of the ACTIVE node; 0 means that there was none yet."""

SessionId = NewType("SessionId", str)
"""`activityid` of `msdyn_ocsession`: a lower-case guid."""

AgentId = NewType("AgentId", str)
"""`systemuserid`: a lower-case guid."""
