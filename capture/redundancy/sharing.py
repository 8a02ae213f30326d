"""Who gets the next job: the node with the least outstanding work."""

from collections.abc import Mapping, Sequence

from capture.model.identity import NodeName


def share(count: int, outstanding: Mapping[NodeName, int], nodes: Sequence[NodeName]) -> list[NodeName]:
    """Choose a node for each of `count` jobs. `nodes` are those that may get work, the preferred one first.

    Each choice counts as outstanding for the next, so a page is spread evenly over equally busy nodes.
    """
    load = {node: outstanding.get(node, 0) for node in nodes}
    chosen = []
    for _ in range(count):
        node = min(nodes, key=lambda name: load[name])
        load[node] += 1
        chosen.append(node)
    return chosen
