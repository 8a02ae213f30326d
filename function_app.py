"""Every trigger of a node on one screen: what fires, and which use case it calls. Nothing is decided here."""

import atexit
import json

import azure.functions as func

from capture.console.answer import Answer, answer
from capture.node import Node

node = Node.from_environment()
# A clean stop hands the role over at once instead of letting the leases run out.
atexit.register(node.stop)

app = func.FunctionApp()


@app.timer_trigger(arg_name="timer", schedule="%WATCH_SCHEDULE%", run_on_startup=False, use_monitor=False)
def watch(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Every tick: stand for election, beat, and discover when ACTIVE."""
    node.tick()


@app.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=False)
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Look after late files, assignments that ran out, unfinished conversations and the outbox."""
    node.sweep()


@app.queue_trigger(arg_name="message", queue_name="%INGEST_QUEUE%", connection="OWN_STORAGE")
def ingest(message: func.QueueMessage) -> None:
    """Archive one recording."""
    node.ingest(message.get_body(), message.dequeue_count)


@app.queue_trigger(arg_name="message", queue_name="%INGEST_QUEUE%-poison", connection="OWN_STORAGE")
def ingest_poison(message: func.QueueMessage) -> None:
    """Decide on a command that failed again and again."""
    node.give_up(message.get_body())


@app.queue_trigger(arg_name="message", queue_name="%WATERMARK_QUEUE%", connection="OWN_STORAGE")
def watermark(message: func.QueueMessage) -> None:
    """Merge what the peer says it has done."""
    node.merge(message.get_body())


@app.queue_trigger(arg_name="message", queue_name="%WATERMARK_QUEUE%-poison", connection="OWN_STORAGE")
def watermark_poison(message: func.QueueMessage) -> None:
    """Try once more to merge what the peer said: a fact is never given up."""
    node.merge(message.get_body())


@app.route("health", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """200 when this node can durably accept work, 503 and what is wrong when it cannot."""
    problems = node.health.problems()
    body = json.dumps({"healthy": not problems, "problems": sorted(problems)})
    return func.HttpResponse(body, status_code=503 if problems else 200, mimetype="application/json")


@app.route("status", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def status(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """Return what this node knows of itself and its peer."""
    return respond(answer(node.status.read))


@app.route("role", methods=["POST"], auth_level=func.AuthLevel.ADMIN)
def role(req: func.HttpRequest) -> func.HttpResponse:
    """Say which node shall be ACTIVE."""
    return respond(answer(lambda: node.role.run(req.get_body()), status=202))


@app.route("parked", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def parked(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """List the parked recordings with their reasons."""
    return respond(answer(node.parked.listed))


@app.route("parked/{id}/requeue", methods=["POST"], auth_level=func.AuthLevel.ADMIN)
def requeue(req: func.HttpRequest) -> func.HttpResponse:
    """Take a parked recording up again."""
    return respond(answer(lambda: node.parked.run(req.route_params["id"]), status=202))


def respond(said: Answer) -> func.HttpResponse:
    """Say it in HTTP."""
    return func.HttpResponse(said.body, status_code=said.status, mimetype="application/json")
