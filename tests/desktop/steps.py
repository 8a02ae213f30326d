"""Steps of the tests that play a whole recorder: what is waited for, and what is found then."""

from pathlib import Path

from tests.desktop.desk import Desk, seconds_in, until
from tests.desktop.pair import SmallNode

type Pair = tuple[SmallNode, SmallNode]

BLOB = "pc-0017/s1/agent-1-1.mp4"


def ready(desk: Desk, nodes: Pair) -> None:
    desk.start()
    until(lambda: all(node.board_reads for node in nodes), what="both boards are polled")


def began(*nodes: SmallNode, session: str = "s1") -> dict[str, object]:
    def found() -> list[dict[str, object]]:
        return [one for node in nodes for one in node.heard("started") if one["session_id"] == session]

    return until(found, what="started is reported")[0]


def finished(*nodes: SmallNode, parts: int = 1) -> dict[str, object]:
    return until(
        lambda: [one for node in nodes if len(node.heard("finished")) >= parts for one in node.heard("finished")],
        what="finished is reported",
    )[-1]


def recorded(desk: Desk, seconds: int, session: str = "s1", part: int = 1) -> None:
    path = desk.spool / f"{session}_agent-1" / f"part-{part}.mp4"
    until(lambda: seconds_in(path) >= seconds, what=f"{seconds} s of video are there")


def gone(desk: Desk) -> None:
    until(lambda: not desk.videos(), what="the spool is empty")
    assert not desk.recorders()


def video(node: SmallNode, folder: Path, name: str = BLOB) -> Path:
    path = folder / Path(name).name
    path.write_bytes(node.blobs[name])
    return path
