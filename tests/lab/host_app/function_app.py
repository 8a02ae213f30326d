"""The Function App that the tests of the host run: one function for each thing that a host must do."""

import atexit
import json
import logging
import os
import threading
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

_TRACE = Path(os.environ["TRACE_FILE"])
_lock = threading.Lock()
_in_flight = 0


def _trace(event: str, **fields: object) -> None:
    with _lock, _TRACE.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, "at": time.time(), **fields}) + "\n")


atexit.register(_trace, "exited")


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    """Takes longer than its interval, so that a host that let a timer overlap itself would be seen."""
    _trace("tick started", past_due=timer.past_due)
    time.sleep(1.2)
    _trace("tick ended")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def pulse(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding needs it
    """Runs beside `tick`."""
    _trace("pulse")


@app.timer_trigger(arg_name="timer", schedule="0 0 3 1 1 *", run_on_startup=True)
def boot(timer: func.TimerRequest) -> None:
    """Due once a year, and at start."""
    _trace("boot", past_due=timer.past_due)


@app.queue_trigger(arg_name="message", queue_name="%ORDERS_QUEUE%", connection="ORDERS")
@app.queue_output(arg_name="receipt", queue_name="receipts", connection="ORDERS")
def order(message: func.QueueMessage, receipt: func.Out[str], context: func.Context) -> None:
    """Fails for a body that begins with `bad`, sleeps for one that begins with `slow`, else sends a receipt."""
    global _in_flight  # noqa: PLW0603 - what the test looks at
    body = message.get_body().decode()
    with _lock:
        _in_flight += 1
    _trace("order", body=body, tries=message.dequeue_count, in_flight=_in_flight, id=message.id)
    try:
        if body.startswith("slow"):
            time.sleep(float(body.removeprefix("slow")))
        if body.startswith("bad"):
            raise ValueError(body)
        logging.getLogger("shop").info("order taken\nand logged")
        receipt.set(f"{body} by {context.function_name}")
    finally:
        with _lock:
            _in_flight -= 1


@app.route("orders/{id:int}/{part?}", methods=["GET", "HEAD", "PUT"])
def read_order(req: func.HttpRequest) -> func.HttpResponse:
    """Tells what it was asked."""
    seen = {
        "method": req.method,
        "params": dict(req.route_params),
        "query": dict(req.params),
        "tag": req.headers.get("X-Tag"),
        "body": req.get_body().decode(),
        "greeting": os.environ["GREETING"],
    }
    headers = {"x-answer": "yes", "set-cookie": "shop=open; Path=/"}
    return func.HttpResponse(json.dumps(seen), status_code=203, headers=headers, mimetype="application/json")


@app.route("ping", auth_level=func.AuthLevel.ANONYMOUS, methods=["GET"])
async def ping(req: func.HttpRequest) -> str:  # noqa: ARG001 - bindings need it; a host must take both kinds
    """Answers as text."""
    return "pong"


@app.route("orders/statistics", auth_level=func.AuthLevel.ADMIN, methods=["GET"])
def statistics(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """For operators; its literal route goes before `orders/{id}`."""
    return func.HttpResponse("0")


@app.route("broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """Fails."""
    raise RuntimeError("it broke")


@app.route("sleep/{seconds}", auth_level=func.AuthLevel.ANONYMOUS, methods=["GET"])
def sleep(req: func.HttpRequest) -> func.HttpResponse:
    """Answers late."""
    _trace("sleep started")
    time.sleep(float(req.route_params["seconds"]))
    return func.HttpResponse("slept")
