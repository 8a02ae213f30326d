"""Clients of the storage accounts that the host itself uses, and the threads in which their calls block."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from typing import Any

import requests
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient
from requests.adapters import HTTPAdapter

# Apart from the functions' own pool: a pool full of slow functions must not keep leases from being renewed.
_THREADS = 48
_pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="host-storage")

CONNECT_SECONDS = 2
READ_SECONDS = 5
LOCKS_CONTAINER = "azure-webjobs-hosts"


async def blocking[T](call: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - passed through as they are
    """Run a blocking storage call in the host's own threads."""
    return await asyncio.get_running_loop().run_in_executor(_pool, partial(call, *args, **kwargs))


def _options() -> dict[str, Any]:
    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=_THREADS)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    # The time-outs belong to the transport: given to a client beside a transport of one's own they do nothing.
    transport = RequestsTransport(
        session=session, session_owner=False, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
    # The callers have their own back-off; the SDK's retries would only delay the news that storage is down.
    return {"transport": transport, "retry_total": 0}


@cache
def _queues(connection: str) -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(connection, **_options())


@cache
def queue(connection: str, name: str) -> QueueClient:
    """A queue whose messages are passed as the raw text that is stored."""
    return _queues(connection).get_queue_client(name)


async def send(client: QueueClient, text: str) -> None:
    """Send a message, creating the queue if it is not there."""
    try:
        await blocking(client.send_message, text)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            await blocking(client.create_queue)
        await blocking(client.send_message, text)


@cache
def locks(connection: str) -> ContainerClient:
    """The container of locks and timer states, the real host's."""
    return BlobServiceClient.from_connection_string(connection, **_options()).get_container_client(LOCKS_CONTAINER)
