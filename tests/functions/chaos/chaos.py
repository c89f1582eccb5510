"""Does what the event says, good or bad."""

import os
import signal
import socket
import subprocess
import sys
import time


def answers(event):
    return event


def raises(event):
    raise ValueError("on purpose")


def exits(event):
    os._exit(3)


def is_killed(event):
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(event):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while event["n"] % 2:
        pass
    time.sleep(60)


def floods(event):
    for _ in range(10):
        os.write(1, b"x" * 1023 + b"\n" + b"y" * 1_047_552)
    return event


def answers_garbage(event):
    return b"<html>no JSON</html>"


def answers_too_much(event):
    return "a" * 7_000_000


def sends_junk(event):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nContent-Length: -1\r\n\r\n\0\xff"
        )
    return event


def loses_its_connection(event):
    os.closerange(3, 1024)
    return event


def leaves_a_child(event):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    return event


def handler(event, context):
    return globals()[event["do"]](event)
