"""The HTTP API of the nodes, and the threads that keep this workstation signed in at each configured URL."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from desktop_recorder.boards import Boards
from desktop_recorder.errors import RecorderError, Refused, SettingsError, Unreachable
from desktop_recorder.settings import Settings
from desktop_recorder.wire import Reply, Wire, host_of

_log = logging.getLogger(__name__)
_SHORTEST = 1.0
_EAGER_ROUNDS = 5
_EAGER_PAUSE = 2.0
_AFTER_FAILURE = (1.0, 2.0, 5.0)
_FAREWELL = (1.0, 1.5)


class SignedIn(BaseModel):
    """The answer to a sign-in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    node: Annotated[str, Field(min_length=1, max_length=64)]
    board_url: Annotated[str, Field(min_length=1)]
    expires_at: AwareDatetime
    keep_alive_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 15.0
    poll_seconds: Annotated[float, Field(ge=0.05, le=60)] = 0.4


class Grant(BaseModel):
    """Leave to append to one blob, until `expires_at`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    upload_url: Annotated[str, Field(min_length=1)]
    expires_at: AwareDatetime

    @property
    def target(self) -> str:
        """The blob, without the signature."""
        return self.upload_url.partition("?")[0]


class Nodes:
    """Both nodes, as far as they answer. Every method may be called from any thread."""

    def __init__(self, settings: Settings, wire: Wire, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing is called before `start`."""
        self.urls = settings.nodes
        self._settings = settings
        self._wire = wire
        self._now = now
        self._key = settings.current_key()
        self._signed_in_at = now().isoformat()
        self._stop = threading.Event()
        self._anew = {url: threading.Event() for url in self.urls}
        self._expiry: dict[str, datetime] = {}
        self._threads: list[threading.Thread] = []

    def start(self, boards: Boards) -> None:
        """Sign in everywhere and stay so."""
        for url in self.urls:
            thread = threading.Thread(
                target=self._stay, args=(url, boards), name=f"sign-in-{host_of(url)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def ask_anew(self) -> None:
        """Sign in again soon: a board's URL has run out."""
        for event in self._anew.values():
            event.set()

    def sign_out(self) -> None:
        """End the threads and say goodbye to whoever listens, within some seconds."""
        self._stop.set()
        self.ask_anew()
        goodbyes = [threading.Thread(target=self._leave, args=(url,), daemon=True) for url in self.urls]
        for thread in goodbyes:
            thread.start()
        for thread in (*goodbyes, *self._threads):
            thread.join(sum(_FAREWELL))

    def upload_grant(self, url: str, session: str, agent: str, part: int) -> Grant:
        """Ask one node for leave to append to the blob of this part."""
        reply = self._post(url, f"sessions/{session}/upload", {"agent_id": agent, "part": part})
        return _understood(Grant, reply, url)

    def report(self, url: str, session: str, body: dict[str, str | int]) -> None:
        """Report to one node; returns when it has said that it knows."""
        self._post(url, f"sessions/{session}/report", body)

    def _stay(self, url: str, boards: Boards) -> None:
        rounds, failures = 0, 0
        while not self._stop.is_set():
            try:
                answer = self._sign_in(url)
            except RecorderError as error:
                if failures == 0:
                    _log.warning("event=sign_in_failed node=%s reason=%s", host_of(url), error)
                pause = _AFTER_FAILURE[min(failures, len(_AFTER_FAILURE) - 1)]
                failures += 1
            else:
                if failures or not rounds:
                    _log.info("event=signed_in url=%s node=%s", host_of(url), answer.node)
                failures, rounds = 0, rounds + 1
                self._expiry[answer.node] = answer.expires_at
                boards.learn(answer.node, answer.board_url, answer.poll_seconds)
                pause = self._pause(answer, rounds)
            self._stop.wait(min(pause, _SHORTEST))
            self._anew[url].wait(max(0.0, pause - _SHORTEST))
            self._anew[url].clear()

    def _pause(self, answer: SignedIn, rounds: int) -> float:
        """Choose when to sign in again: before the board's URL runs out, and until both nodes have answered.

        Behind one front URL it is not up to us which node answers: it is asked more often at the beginning and when the
        URL of a board that is known is about to run out.
        """
        left = (answer.expires_at - self._now()).total_seconds()
        pause = max(_SHORTEST, min(answer.keep_alive_seconds, left / 2))
        if len(self.urls) == 1:
            soon = self._now() + timedelta(seconds=4 * answer.keep_alive_seconds)
            over = self._now() - timedelta(minutes=30)
            aging = any(over < expiry < soon for node, expiry in self._expiry.items() if node != answer.node)
            if aging or (rounds <= _EAGER_ROUNDS and len(self._expiry) < 2):
                return min(pause, _EAGER_PAUSE)
        return pause

    def _sign_in(self, url: str) -> SignedIn:
        body = {"user": self._settings.user, "signed_in_at": self._signed_in_at}
        return _understood(SignedIn, self._post(url, "sign-in", body), url)

    def _leave(self, url: str) -> None:
        try:
            self._post(url, "sign-out", {"signed_in_at": self._signed_in_at}, timeout=_FAREWELL)
        except RecorderError as error:
            _log.info("event=sign_out_not_heard node=%s reason=%s", host_of(url), error)

    def _post(self, url: str, path: str, body: object, timeout: tuple[float, float] = (3.0, 10.0)) -> Reply:
        headers = {"x-workstation": self._settings.workstation, "authorization": f"Bearer {self._key}"}
        try:
            return self._wire.call("POST", f"{url}/api/desktop/{path}", headers=headers, json=body, timeout=timeout)
        except Refused:
            self._read_key_again()
            raise

    def _read_key_again(self) -> None:
        try:
            self._key = self._settings.current_key()
        except SettingsError as error:
            _log.warning("event=key_unreadable reason=%s", error)


def _understood[M: BaseModel](model: type[M], reply: Reply, url: str) -> M:
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        raise Unreachable(f"{host_of(url)}: the answer is not as agreed") from None
