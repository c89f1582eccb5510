"""A debugger for Python functions, by the Debug Adapter Protocol."""

import contextlib
import json
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def attached(port: int) -> Iterator[None]:
    """A debugger that attaches and lets the program run. Until the program is ready, debugpy turns it away."""
    while True:
        with contextlib.suppress(ConnectionError):
            connection = socket.create_connection(("127.0.0.1", port))
            if attach(connection):
                break
            connection.close()
    with connection:
        yield


def attach(connection: socket.socket) -> bool:
    """Whether it was let in, by the Debug Adapter Protocol."""
    with connection.makefile("rb") as answers:
        for number, command in enumerate(("initialize", "attach", "configurationDone"), start=1):
            message = json.dumps(
                {"seq": number, "type": "request", "command": command, "arguments": {"adapterID": "x"}}
            )
            connection.sendall(f"Content-Length: {len(message)}\r\n\r\n{message}".encode())
            while command == "attach":
                head = answers.readline()
                if not head:
                    return False
                answers.readline()
                if json.loads(answers.read(int(head.split(b":")[1]))).get("event") == "initialized":
                    break  # before that it takes no configuration
    return True
