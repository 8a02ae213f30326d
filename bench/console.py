"""The console with a large ledger: how soon the page paints, and how soon a search answers in the browser.

The rows are the product's own, made by its tables and written many at once into the lab's emulator.
"""

import random
import shutil
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, TableServiceClient
from playwright.sync_api import Browser, Page, sync_playwright

from capture.model.catalogue import finding
from capture.model.conversation import Agent, Conversation, Session
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.storage.catalogue import TableCatalogue
from capture.storage.interactions import TableInteractions
from capture.storage.ledger import TableLedger
from capture.storage.stores import TABLES
from lab.pair import Pair
from lab.processes import NotStartedError
from lab.waiting import wait_until

_DAYS = 7
_AGENTS = 200
_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds: the page's first paint, the pair on the page, and a search of each kind, of several rounds each."""

    rows: int
    paints: list[float]
    glances: list[float]
    searches: dict[str, list[float]]


class _Collector:
    """Takes the place of a table and keeps what would be written."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)

    def create_entity(self, entity: Mapping[str, Any], **_: object) -> None:
        self.rows[entity["PartitionKey"]][entity["RowKey"]] = entity

    upsert_entity = create_entity

    def submit_transaction(self, operations: Iterable[tuple[str, Mapping[str, Any], object]]) -> None:
        for _, entity, _ in operations:
            self.create_entity(entity)

    def get_entity(self, *_: str) -> None:
        raise ResourceNotFoundError

    def write(self, table: TableClient) -> None:
        """Write everything, a hundred rows at once."""
        for rows in self.rows.values():
            entities = list(rows.values())
            for at in range(0, len(entities), 100):
                table.submit_transaction([("upsert", dict(entity)) for entity in entities[at : at + 100]])


@dataclass(slots=True)
class _Load:
    """Made-up recordings of a week; `now` is a whole hour."""

    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def fill(self, connection_string: str, count: int, tell: Callable[[str], None]) -> list[LedgerEntry]:
        """Write so many recordings and return some of them."""
        tables = {name: _Collector() for name in ("ledger", "catalogue", "interactions")}
        ledger = TableLedger(cast("TableClient", tables["ledger"]), "OWN_STORAGE")
        catalogue = TableCatalogue(cast("TableClient", tables["catalogue"]), "OWN_STORAGE")
        interactions = TableInteractions(cast("TableClient", tables["interactions"]), "OWN_STORAGE")
        samples = []
        for number in range(count):
            entry, conversation = self._recording(number, count)
            ledger.merge(entry)
            catalogue.add(finding(entry, conversation))
            if number % 10 == 0:  # for the conversation's view; the others would say the same
                interactions.add(entry, conversation)
                samples.append(entry)
        began = time.monotonic()
        with TableServiceClient.from_connection_string(connection_string) as service:
            for name in TABLES:
                service.create_table_if_not_exists(name)
            for name, collected in tables.items():
                collected.write(service.get_table_client(name))
                rows = sum(len(rows) for rows in collected.rows.values())
                tell(f"{rows} rows of the {name} after {time.monotonic() - began:.0f} s")
        return samples

    def _recording(self, number: int, count: int) -> tuple[LedgerEntry, Conversation]:
        created = (self.now - timedelta(days=_DAYS) * (1 - number / count)).replace(microsecond=0)
        name, talk = RecordingId(str(uuid.UUID(int=self.chance.getrandbits(128)))), str(uuid.uuid4())
        node = NodeName(self.chance.choice(("main", "peer")))
        path = f"source=contoso/{created:year=%Y/month=%m/day=%d}/conversation={talk}/{name}.mp3"
        copy = Copy(created + timedelta(seconds=20), node, path, 1_500_000, f"{number:064x}", "audio/mpeg")
        entry = LedgerEntry(name, created, ConversationId(talk), frozenset({copy}))
        at = self.chance.randrange(_AGENTS)
        session = Session(str(uuid.uuid4()), Agent(f"agent-{at}", f"First{at} Family{at % 90}"), accepted_on=created)
        conversation = Conversation(
            ConversationId(talk),
            created,
            finished=True,
            started_on=created - timedelta(seconds=180),
            closed_on=created,
            queue="Billing",
            customer=f"Customer {number % 5000}",
            from_phone=f"+1555{number:07}",
            to_phone="+18005550100",
            sessions=(session,),
        )
        return entry, conversation


def measure(count: int, tell: Callable[[str], None]) -> Figures:
    """Fill main's account with so many recordings, start the pair, and look at it with Chromium."""
    program = shutil.which("chromium")
    if program is None:
        raise NotStartedError("the console bench needs Chromium: apt-get install chromium")
    pair = Pair("bench-console", tell=tell)
    try:
        pair.start_surroundings()
        load = _Load(datetime.now(UTC).replace(minute=0, second=0))
        samples = load.fill(pair.storage["main"].connection_string, count, tell)
        pair.start_nodes()
        pair.wait_for_active(60)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            return _look(browser, f"{pair.nodes['main'].url}/console", samples, count)
    finally:
        pair.stop()


def _look(browser: Browser, address: str, samples: list[LedgerEntry], count: int) -> Figures:
    paints, glances = [], []
    for _ in range(_ROUNDS):
        page = browser.new_context().new_page()
        began = time.monotonic()
        page.goto(address)
        page.locator("[data-node=peer]").wait_for()
        glances.append(time.monotonic() - began)
        paints.append(_first_paint(page))
        page.close()
    page = browser.new_context().new_page()
    page.goto(address)
    searches: dict[str, list[float]] = defaultdict(list)
    for at in range(_ROUNDS):
        entry = samples[-1 - at * len(samples) // (2 * _ROUNDS)]
        day = f"{entry.created_on:%Y-%m-%d}"
        week = f"{entry.created_on - timedelta(days=_DAYS - 1):%Y-%m-%d}"
        searches["day"].append(_search(page, day=day))
        searches["day and agent"].append(_search(page, day=day, agent=f"first{at + 1}"))
        searches["day and number"].append(_search(page, day=day, number="01"))
        searches["week and agent"].append(_search(page, day=week, to=day, agent=f"family{at + 1}"))
        searches["week and number"].append(_search(page, day=week, to=day, number=f"{at}01"))
        searches["conversation"].append(_search(page, conversation=entry.conversation_id or ""))
    return Figures(count, paints, glances, dict(searches))


def _first_paint(page: Page) -> float:
    """Ask the browser for the seconds from the navigation to the first content that it painted."""
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    wait_until("the page has painted", lambda: page.evaluate(paint) > 0, 5, every=0.05)
    return float(page.evaluate(paint)) / 1000


def _search(page: Page, **words: str) -> float:
    """Search in the page and return the seconds from the click to the lines."""
    for name in ("day", "to", "agent", "number", "conversation"):
        page.locator(f"#search-form [name={name}]").fill(words.get(name, ""))
    page.evaluate("document.getElementById('found').textContent = ''")
    began = time.monotonic()
    page.get_by_role("button", name="Search").click()
    page.get_by_text("found in").wait_for()
    took = time.monotonic() - began
    if page.locator("#findings tbody tr").count() == 0:
        raise RuntimeError(f"nothing was found by {words}")
    return took


def figures(of: Figures) -> dict[str, Any]:
    """Put them into the report: medians and the longest, in seconds."""
    return {
        "console_rows": of.rows,
        "console_longest_first_paint_seconds": round(max(of.paints), 3),
        "console_longest_search_seconds": round(max(max(times) for times in of.searches.values()), 3),
        "console_first_paint_seconds": _spread(of.paints),
        "console_pair_shown_seconds": _spread(of.glances),
        "console_search_seconds": {kind: _spread(times) for kind, times in of.searches.items()},
    }


def _spread(times: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(times), 3), "longest": round(max(times), 3)}
