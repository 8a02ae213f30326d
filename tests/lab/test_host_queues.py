"""Queue functions through running hosts."""

import base64

from azure.storage.queue import QueueServiceClient
from host_app.processes import HostStarter, RunningHost, Storage, free_ports, wait_until

pytest_plugins = ["host_app.fixtures"]


def test_a_message_runs_its_function_whose_output_is_a_message(module_host: RunningHost, host_storage: Storage) -> None:
    """The queue's name comes from a setting; the trigger's queue and the output's are created."""
    queue = _queue(module_host, host_storage)
    host_storage.send(queue, "tea")
    wait_until("the receipt is sent", lambda: _exists(host_storage, "receipts") and host_storage.bodies("receipts"))
    wait_until("the message is deleted", lambda: host_storage.length(queue) == 0)
    assert host_storage.bodies("receipts") == ["tea by order"]
    assert _tries(module_host, "tea") == [1]
    # The app's own line carries function and invocation, on one line.
    line = next(line for line in module_host.log().splitlines() if "order taken" in line)
    assert "INFO  Function.order [" in line
    assert line.endswith("order taken\\nand logged")


def test_a_failing_message_ends_in_the_poison_queue_as_it_was(module_host: RunningHost, host_storage: Storage) -> None:
    queue = _queue(module_host, host_storage)
    host_storage.send(queue, "bad egg")
    with host_storage.queue(queue) as client:
        client.send_message("this is not base64!")
    poison = f"{queue}-poison"
    wait_until("both are poison", lambda: _exists(host_storage, poison) and host_storage.length(poison) == 2)
    wait_until("neither is left", lambda: host_storage.length(queue) == 0)
    assert _tries(module_host, "bad egg") == [1, 2, 3]
    with host_storage.queue(poison) as client:
        texts = {message.content for message in client.peek_messages(max_messages=5)}
    assert texts == {base64.b64encode(b"bad egg").decode(), "this is not base64!"}


def test_no_more_than_a_batch_and_the_threshold_are_in_flight(start_host: HostStarter, host_storage: Storage) -> None:
    """With batchSize 4 and newBatchThreshold 2 a batch is fetched when two are left: six at most, more than four."""
    with host_storage.queue("in-flight") as client:
        client.create_queue()
    host_storage.send("in-flight", *["slow0.2", "slow0.2", "slow0.7", "slow0.7"], *["slow0.2"] * 9)
    # The messages are there before the host is, so its first batch is a full one.
    host = start_host(ORDERS_QUEUE="in-flight")
    wait_until("all are done", lambda: len(host.events("order")) == 13 and host_storage.length("in-flight") == 0)
    assert 4 < max(event["in_flight"] for event in host.events("order")) <= 6


def test_a_long_run_keeps_its_message_hidden(start_host: HostStarter, host_storage: Storage) -> None:
    """The message is hidden for one second and renewed at half of it; the run takes longer."""
    host = start_host("--queue-lease", "1")
    queue = _queue(host, host_storage)
    host_storage.send(queue, "slow1.6")
    wait_until("it is done", lambda: host_storage.length(queue) == 0)
    assert _tries(host, "slow1.6") == [1]


def test_a_host_outlives_storage_that_is_down(start_host: HostStarter, host_storage: Storage) -> None:
    """It serves and says once that storage fails, however often it tries."""
    (nobody,) = free_ports(1)
    down = host_storage.connection.replace(f":{host_storage.queue_port}/", f":{nobody}/")
    host = start_host(ORDERS=down)
    wait_until("a timer fires", lambda: host.events("pulse"))
    assert host.call("GET", "/api/ping").text == "pong"
    assert host.log().count("storage fails") == 1


def _queue(host: RunningHost, storage: Storage) -> str:
    queue = host.environ["ORDERS_QUEUE"]
    wait_until("the queue is there", lambda: _exists(storage, queue))
    return queue


def _tries(host: RunningHost, body: str) -> list[int]:
    return [event["tries"] for event in host.events("order") if event["body"] == body]


def _exists(storage: Storage, queue: str) -> bool:
    with QueueServiceClient.from_connection_string(storage.connection) as service:
        return any(found.name == queue for found in service.list_queues(name_starts_with=queue))
