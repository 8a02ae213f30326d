"""How it stands with the proof: the latest verification with what it has found, and the chains of sealed blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from capture.model.evidence import start_of
from capture.model.identity import NodeName
from capture.model.request import Kind
from capture.model.time_text import text_of
from capture.ports import Evidence
from capture.recovery.asking import Asking
from capture.recovery.chain import period_in

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Integrity:
    """Answers `console/integrity` from this node's account, which holds the blocks of both nodes."""

    asking: Asking
    evidence: Evidence
    nodes: Sequence[NodeName]

    def read(self) -> dict[str, Any]:
        """Show the latest verification among the latest hundred requests, null when there is none.

        `objects` and `blocks` name what it has found, at most twenty of each; `chains` has the number of a node's
        blocks and the begin of the period of the last one, null before the first. Times are UTC in ISO 8601.
        """
        latest = next((each for each in self.asking.listed() if each["kind"] == Kind.VERIFY.value), None)
        items = self.asking.one(latest["id"])["items"] if latest is not None else []
        found = [{name: item[name] for name in ("id", "why", "outcome")} for item in items]
        return {
            "verification": latest,
            "objects": [each for each in found if period_in(each["id"]) is None][:_MOST_NAMED],
            "blocks": [each for each in found if period_in(each["id"]) is not None][:_MOST_NAMED],
            "chains": [self._chain(node) for node in self.nodes],
        }

    def _chain(self, node: NodeName) -> dict[str, Any]:
        periods = [period for name in self.evidence.names(node) if (period := period_in(name)) is not None]
        return {"node": node, "blocks": len(periods), "last": text_of(start_of(periods[-1])) if periods else None}
