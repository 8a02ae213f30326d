"""Every trigger of a node on one screen: what fires, and which use case it calls. Nothing is decided here."""

import atexit
import json

import azure.functions as func

from capture.console.answer import Answer, answer
from capture.console.desk import Asked
from capture.node import Node

node = Node.from_environment()
# A clean stop hands the role over at once instead of letting the leases run out.
atexit.register(node.stop)

app = func.FunctionApp()

RIS = "recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"


@app.timer_trigger(arg_name="timer", schedule="%WATCH_SCHEDULE%", run_on_startup=False, use_monitor=False)
def watch(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Every tick: stand for election, beat, and discover when ACTIVE."""
    node.tick()


@app.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=False)
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Report to the log; look after late files, assignments that ran out, unfinished conversations and the outbox."""
    node.report()
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
    """Try again to merge what the peer said: a fact is never given up without a reason that a person can read."""
    node.merge_again(message.get_body(), message.dequeue_count)


@app.queue_trigger(arg_name="message", queue_name="%SCREEN_QUEUE%", connection="OWN_STORAGE")
def screen(message: func.QueueMessage) -> None:
    """Apply a fact about a session or a workstation: the peer's, or one that was left over."""
    node.screen(message.get_body())


@app.queue_trigger(arg_name="message", queue_name="%SCREEN_QUEUE%-poison", connection="OWN_STORAGE")
def screen_poison(message: func.QueueMessage) -> None:
    """Try again: a fact is never given up without a reason that a person can read."""
    node.screen_again(message.get_body(), message.dequeue_count)


@app.queue_trigger(arg_name="message", queue_name="%SCREEN_FILE_QUEUE%", connection="OWN_STORAGE")
def screen_file(message: func.QueueMessage) -> None:
    """Take a desktop's recording into the archive."""
    node.screen_file(message.get_body())


@app.queue_trigger(arg_name="message", queue_name="%SCREEN_FILE_QUEUE%-poison", connection="OWN_STORAGE")
def screen_file_poison(message: func.QueueMessage) -> None:
    """Try again: a recording is never given up without a reason that a person can read."""
    node.screen_file_again(message.get_body(), message.dequeue_count)


@app.timer_trigger(arg_name="timer", schedule="%SCREEN_SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=False)
def screen_sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Read what lost webhooks have not said, and tell the peer what waits."""
    node.screen_sweep()


@app.timer_trigger(arg_name="timer", schedule="%RECOVERY_SCHEDULE%", run_on_startup=False, use_monitor=False)
def recover(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Compare with Dynamics what is in the ledger, fetch what is missing, verify what is archived, seal the log."""
    node.recover()


@app.route(RIS, methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def ris(req: func.HttpRequest) -> func.HttpResponse:
    """Take a webhook of Dynamics that comes with a function key."""
    return respond(answer(lambda: node.ris.receive(req.get_body(), req.headers), status=202))


@app.route(f"{RIS}/header", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def ris_header(req: func.HttpRequest) -> func.HttpResponse:
    """Take a webhook of Dynamics that comes with the header secret."""
    return respond(answer(lambda: node.ris.by_header(req.get_body(), req.headers), status=202))


@app.route("desktop/sign-in", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def desktop_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Keep who sits at a workstation, and say where its board is."""
    return respond(answer(lambda: node.desktops.sign_in(req.headers, req.get_body())))


@app.route("desktop/sign-out", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def desktop_sign_out(req: func.HttpRequest) -> func.HttpResponse:
    """Keep that nobody sits there any more."""
    return respond(answer(lambda: node.desktops.sign_out(req.headers, req.get_body()), status=204))


@app.route("desktop/sessions/{session}/upload", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def desktop_upload(req: func.HttpRequest) -> func.HttpResponse:
    """Say where a desktop may append its recording."""
    return respond(answer(lambda: node.desktops.upload(req.headers, req.route_params["session"], req.get_body())))


@app.route("desktop/sessions/{session}/report", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def desktop_report(req: func.HttpRequest) -> func.HttpResponse:
    """Take in what has become of a recording."""
    session = req.route_params["session"]
    return respond(answer(lambda: node.desktops.report(req.headers, session, req.get_body()), status=202))


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
    """List the parked recordings with their reasons, and the messages that came to nothing."""
    return respond(answer(node.parked.listed))


@app.route("alarms", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def alarms(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """List what a person should look at."""
    return respond(answer(node.alarms.listed))


@app.route("parked/{id}/requeue", methods=["POST"], auth_level=func.AuthLevel.ADMIN)
def requeue(req: func.HttpRequest) -> func.HttpResponse:
    """Take a parked recording, or a message, up again."""
    return respond(answer(lambda: node.parked.run(req.route_params["id"]), status=202))


@app.route("recordings", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def recordings(req: func.HttpRequest) -> func.HttpResponse:
    """Find recordings by day, agent, number or conversation."""
    return respond(answer(lambda: node.search.run(req.params)))


@app.route("recordings/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def recording(req: func.HttpRequest) -> func.HttpResponse:
    """Show one recording with its metadata."""
    return respond(answer(lambda: node.console.recording(req.route_params["id"], req.params.get("at", ""))))


@app.route("recordings/{id}/media", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def recording_media(req: func.HttpRequest) -> func.HttpResponse:
    """Give a piece of a recording."""
    return respond(answer(lambda: node.console.audio(req.route_params["id"], asked(req))))


@app.route("conversations/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def conversation(req: func.HttpRequest) -> func.HttpResponse:
    """Show a conversation with its recordings."""
    return respond(answer(lambda: node.conversations.read(req.route_params["id"])))


@app.route("console/{*path}", methods=["GET", "HEAD", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def console(req: func.HttpRequest) -> func.HttpResponse:
    """Serve the console and what it asks for, to whom it admits."""
    return respond(node.console.answer(asked(req)))


def asked(req: func.HttpRequest) -> Asked:
    """Take a request apart."""
    path = req.route_params.get("path", "").strip("/")
    return Asked(req.method, path, req.url, req.params, req.headers, req.get_body())


@app.route("recovery", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def recoveries(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """List the requests to recover or verify."""
    return respond(answer(node.asking.listed))


@app.route("recovery", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def recovery_ask(req: func.HttpRequest) -> func.HttpResponse:
    """Take a request to recover or verify."""
    return respond(answer(lambda: node.asking.ask(req.get_body()), status=202))


@app.route("recovery/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def recovery_one(req: func.HttpRequest) -> func.HttpResponse:
    """Show one request with what it has found."""
    return respond(answer(lambda: node.asking.one(req.route_params["id"])))


@app.route("recovery/{id}/{action}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def recovery_act(req: func.HttpRequest) -> func.HttpResponse:
    """Stop a request, or let it go on."""
    return respond(answer(lambda: node.asking.act(req.route_params["id"], req.route_params["action"]), status=202))


@app.route("verification", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def verification(req: func.HttpRequest) -> func.HttpResponse:
    """Show how the latest days stand."""
    return respond(answer(lambda: node.compliance.listed(req.params.get("days"))))


@app.route("verification/{day}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def verification_close(req: func.HttpRequest) -> func.HttpResponse:
    """Close what is wrong with a day, with a note."""
    return respond(answer(lambda: node.compliance.close(req.route_params["day"], req.get_body())))


@app.route("recordings/{id}/remove", methods=["POST"], auth_level=func.AuthLevel.ADMIN)
def recording_remove(req: func.HttpRequest) -> func.HttpResponse:
    """Have one recording removed, by whom and why."""
    return respond(answer(lambda: node.removing.run(req.route_params["id"], req.get_body())))


@app.route("recordings/{id}/hold", methods=["POST"], auth_level=func.AuthLevel.ADMIN)
def recording_hold(req: func.HttpRequest) -> func.HttpResponse:
    """Put one recording under legal hold, or release it, by whom and why."""
    return respond(answer(lambda: node.holding.run(req.route_params["id"], req.get_body())))


@app.route("holds", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def holds(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """List what is under legal hold."""
    return respond(answer(node.holding.listed))


def respond(said: Answer) -> func.HttpResponse:
    """Say it in HTTP."""
    headers = dict(said.headers)
    return func.HttpResponse(said.body, status_code=said.status, headers=headers, mimetype=said.media_type)
