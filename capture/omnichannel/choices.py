"""Words for choice codes. A code that is not known here stays the number it is, as text.

Microsoft Learn: "Omnichannel table reference" for channels, states and modes, "Closure reason descriptions" for the
ends of sessions. The labels that Dataverse sends are in the language of the organisation, so they are not used.
"""

from collections.abc import Mapping
from typing import Any

_CHANNELS = {
    19241000: "Teams",
    192340000: "SMS",
    192350000: "Entity Records",
    192350002: "Custom",
    192360000: "Live chat",
    192370000: "Voice",
    192380000: "Video",
    192440000: "Voice call",
}

_CLOSURES = {
    192350000 + number: word
    for number, word in {
        0: "Default",
        1: "AgentReject",
        2: "AgentTimeout",
        3: "ConversationTimeout",
        4: "AgentClosed",
        5: "ConversationClosed",
        6: "AgentTransferred",
        7: "AgentDisconnected",
        8: "AgentReRouted",
        9: "VirtualAgentClosed",
        10: "AgentTransferToQueue",
        11: "SupervisorAssignToQueue",
        12: "SupervisorTransferToAgent",
        13: "SystemReject",
        14: "ForceClose",
        15: "OverflowQueueTransfer",
        16: "OverflowEndConversation",
        17: "AddAgentFailed",
        18: "AutoClose",
        19: "SecondaryChannelClosed",
        20: "CustomerDisconnect",
        21: "AgentEndConversation",
        22: "CustomerEndConversation",
        23: "QueueTransfer",
        26: "BotTransferToAgent",
        27: "BotEndConversation",
        34: "ManuallyClosedSession",
        36: "ExternalAgentAccept",
        37: "ExternalAgentReject",
        38: "ExternalAgentTransfer",
        54: "VoiceConnectivityProblem",
        55: "MaximumSessionsReached",
        56: "CallTimedOut",
        61: "CustomerNonResponseTimeoutRule",
        62: "AgentNonResponseTimeoutRule",
        63: "AgentMovedConversationToWaiting",
        64: "AutoRejectedDueToBrowserRefresh",
        65: "AutoRejectAsOutboundCallInProgress",
    }.items()
}

_MODES = {192350002: "Primary", 192350003: "Consult", 192350004: "Monitor", 192350005: "Preview"}

_FINISHED = frozenset({1, 2})
"""Closed and Resolved."""


def channel(row: Mapping[str, Any]) -> str | None:
    """Word for `msdyn_channel`, a choice of several: their words, joined by commas."""
    value = row.get("msdyn_channel")
    codes = value.split(",") if isinstance(value, str) else [value]
    words = [word for code in codes if (word := _word(_CHANNELS, code)) is not None]
    return ", ".join(words) or None


def closure(row: Mapping[str, Any]) -> str | None:
    """Word for why a session ended."""
    return _word(_CLOSURES, row.get("msdyn_closurereason"))


def mode(row: Mapping[str, Any]) -> str | None:
    """Word for how somebody takes part in a session."""
    return _word(_MODES, row.get("msdyn_mode"))


def finished(row: Mapping[str, Any]) -> bool:
    """Tell whether a conversation is closed or resolved. Wrap-up is not: its metadata still changes."""
    return row.get("statecode") in _FINISHED


def _word(words: Mapping[int, str], code: object) -> str | None:
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    number = str(code).strip()
    return words.get(int(number), number) if number.isdecimal() else number or None
