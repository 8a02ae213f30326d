"""Accounts that are down; links that are cut, slow, or lose questions and answers."""

from tests.simulation.weather.sky import ACCOUNTS, NODES, Sky, episode


@episode("account down")
def _account_down(sky: Sky) -> None:
    sky.power_off(sky.weak_store if sky.truth.kind == "store" else sky.random.choice(ACCOUNTS))


@episode("cut")
def _cut(sky: Sky) -> None:
    sky.cut([sky.random.choice(sky.lines())])


@episode("regions apart")
def _regions_apart(sky: Sky) -> None:
    # Every pattern: any set of links that go from one region into another.
    across = sky.across()
    sky.cut([line for line in across if sky.random.random() < 0.6] or across)


@episode("slow link")
def _slow_link(sky: Sky) -> None:
    line, seconds = sky.random.choice(sky.lines()), sky.random.choice((0.5, 3.0, 12.0))
    sky.on_list(f"slow {line.node}-{line.account}", line.slow, seconds, line)


@episode("lossy link")
def _lossy_link(sky: Sky) -> None:
    line = sky.random.choice(sky.lines())
    line.timeout = sky.random.choice((0.05, 3.0))
    odds = sky.random.choice(((0.2, 0.0), (0.0, 0.2), (0.1, 0.1), (0.5, 0.5)))
    sky.on_list(f"lossy {line.node}-{line.account} {odds}", line.lossy, odds, line)


@episode("sluggish")
def _sluggish(sky: Sky) -> None:
    """Everything takes long for one node, so that its lease may run out under its hands."""
    name = sky.leader().name
    sky.on_list(f"sluggish Dynamics for {name}", sky.sources[name].slow, 12.0)
    for line in sky.lines(name):
        sky.on_list(f"sluggish {name}-{line.account}", line.slow, 1.5, line)


@episode("apart, then crash")
def _apart_then_crash(sky: Sky) -> None:
    """The nodes cannot reach each other's account; then the ACTIVE one is gone with what only it knows."""
    sky.cut(line for line in sky.across() if line.account in NODES)
    sky.later(sky.random.uniform(30, 120), lambda: sky.crash(sky.leader()))


@episode("apart, crash, mended")
def _apart_and_mended(sky: Sky) -> None:
    """Soon after the crash all is well: the old reign's word arrives while the new one still looks what is done."""
    apart, back = sky.random.uniform(80, 200), sky.random.uniform(14, 22)
    sky.cut((line for line in sky.across() if line.account in NODES), apart + back + sky.random.uniform(-3, 3))

    def crash() -> None:
        host = sky.leader()
        host.crash()
        sky.restart(host, back)

    sky.later(apart, crash)
