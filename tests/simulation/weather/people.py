"""What a person says: which node shall be ACTIVE, with the others or alone."""

import json

from tests.simulation.weather.sky import ACCOUNTS, NODES, Sky, episode


@episode("a word")
def _word(sky: Sky) -> None:
    _say(sky, sky.random.choice(NODES), sky.random.choice(NODES))


@episode("two words")
def _two_words(sky: Sky) -> None:
    """Two people, or one in a hurry: each node is told something else."""
    first = sky.random.choice(NODES)
    _say(sky, first, sky.random.choice(NODES))
    sky.later(sky.random.uniform(0, 6), lambda: _say(sky, _other(first), sky.random.choice(NODES)))


@episode("a word beyond the cut")
def _word_beyond_the_cut(sky: Sky) -> None:
    """The one that is cut off is told something later than the other one, but knows of no newer reign."""
    name = sky.leader().name
    sky.cut((line for line in sky.across() if name in (line.node, line.account)), sky.random.uniform(50, 120))
    sky.later(sky.random.uniform(22, 30), lambda: _say(sky, _other(name), sky.random.choice(NODES)))
    sky.later(sky.random.uniform(30, 45), lambda: _say(sky, name, sky.random.choice(NODES)))


@episode("two regions lost")
def _two_regions_lost(sky: Sky) -> None:
    """What is left is told to go on alone; or it is not, and must not."""
    name, seconds = sky.random.choice(NODES), sky.random.uniform(60, 240)
    for account in ACCOUNTS:
        if account != name:
            sky.power_off(account, seconds * sky.random.uniform(0.9, 1.1))
    if sky.random.random() < 0.7:
        sky.later(sky.random.uniform(2, 30), lambda: _say(sky, name, name, alone_minutes=sky.random.choice((1, 2, 5))))


@episode("cut off, alone")
def _cut_off_alone(sky: Sky) -> None:
    """A person sees that the other node is down, as must be, and lets the one that is cut off go on alone.

    Sometimes nobody made sure of it: then two reign, each with epochs of its own, and still nothing may be lost.
    """
    name, seconds = sky.random.choice(NODES), sky.random.uniform(60, 240)
    careless = sky.random.random() < 0.3
    sky.faults["cut off, alone, the other one runs"] += careless
    sky.cut((line for line in sky.across() if line.node == name), seconds)
    if not careless:
        sky.keep_down(sky.truth.hosts[_other(name)], seconds)
    sky.later(sky.random.uniform(2, 30), lambda: _say(sky, name, name, alone_minutes=sky.random.choice((1, 2, 5))))


def _say(sky: Sky, node: str, active: str, alone_minutes: int = 0) -> None:
    alone = f", alone for {alone_minutes} min" if alone_minutes else ""
    sky.say(f"{node} is told that {active} shall be ACTIVE{alone}")
    body = json.dumps({"active": active, "alone_minutes": alone_minutes}).encode()
    sky.truth.calm_since = sky.truth.kernel.now
    sky.truth.hosts[node].ask("role", lambda asked: asked.role.run(body))


def _other(name: str) -> str:
    return NODES[1 - NODES.index(name)]
