"""Handlers for tests of the function host: each does one thing that a function may do, good or bad."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

print("module scope ran")
LOADED_BY = os.getpid()
CALLS = []


def echoes(event, context):
    return event


def describes(event, context):
    """What a handler can see of itself."""
    CALLS.append(event)
    return {
        "pid": os.getpid(),
        "calls": len(CALLS),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "function": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "left_ms": context.get_remaining_time_in_millis(),
        "folder": os.getcwd(),
        "official": "awslambdaric" in sys.modules,
    }


def environment(event, context):
    return dict(os.environ)


def raises(event, context):
    raise ValueError("no such state")


def sleeps(event, context):
    if event.get("pid_file"):
        Path(event["pid_file"]).write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(event.get("seconds", 60))
    return {"slept": True}


def meets(event, context):
    """Return once as many invocations are in here as the event says."""
    folder = Path(event["folder"])
    (folder / event["name"]).touch()
    while len(list(folder.iterdir())) < event["count"]:
        time.sleep(0.002)
    return {"pid": os.getpid()}


def exits(event, context):
    if event.get("signal"):
        os.kill(os.getpid(), event["signal"])
    if event.get("raise"):
        sys.exit(event["status"])
    if "status" in event:
        os._exit(event["status"])
    return {}


def writes(event, context):
    print("to stdout", "é")
    print("to stderr", file=sys.stderr)
    logging.getLogger().warning("a warning")
    os.system("echo from a child")
    sys.stdout.write("no end of line")
    return {}


def floods(event, context):
    line = "x" * 1023 + "\n"
    for _ in range(20_000):
        sys.stdout.write(line)
    print("the end")
    return {}


def answers_big(event, context):
    return {"State": "a" * event["length"]}


def answers_decimal(event, context):
    return {"balance": Decimal("1.50"), "again": [Decimal("1.50"), Decimal("-2")]}


def answers_bytes(event, context):
    return b'{"raw": 1}'


def answers_set(event, context):
    return {1, 2}


def leaves_children(event, context):
    """One child in a session of its own, and one whose parent is gone."""
    plain = subprocess.Popen(["sleep", "60"], start_new_session=True)
    script = "import subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True, stdout=-3).pid)"
    daemon = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    return {"pids": [plain.pid, int(daemon.stdout)]}


def closes_everything(event, context):
    if event.get("close"):
        os.closerange(3, 1024)
    return {}


def grows(event, context):
    data = bytearray(os.urandom(1024)) * (event["mb"] * 1024)
    time.sleep(60)
    return {"length": len(data)}


def measures(event, context):
    return len(json.dumps(event))


def answers_and_ends(event, context):
    """Its process is gone before it asks for another event."""
    client = sys.modules["offhook_runtime"]
    client._Api.next = lambda self: os._exit(5)
    return {}


def connects_often(event, context):
    """More connections to the Runtime API than any client needs."""
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    connections = [socket.create_connection((host, int(port))) for _ in range(100)]
    time.sleep(60)
    return len(connections)


def speaks_strangely(event, context):
    """What other clients might send to the Runtime API, each on a connection of its own; the answers' first lines."""
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    answers = []
    for request in event["requests"]:
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(request.encode())
            answers.append(connection.makefile("rb").readline().decode().strip())
    return answers
