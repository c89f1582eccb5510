"""How a server ends when it is told to: SIGTERM or SIGINT.

No connection is taken any more and sockets are closed (1012: come again). Requests and functions that run have
GRACE_SECONDS; what they answer is kept. Then functions are ended: flows ask the next process for them again. A second
signal ends the process at once, which loses nothing either: what is accepted is committed.
"""

import asyncio
import os
import signal

import uvicorn

from offhook.api.application import Application

GRACE_SECONDS = 3


class Ending:
    """Listens to signals from now on. `done` returns when contacts have come to rest; it is for after the server."""

    def __init__(self, server: uvicorn.Server, made: Application) -> None:
        self._server = server
        self._made = made
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._stop, number)

    async def done(self) -> None:
        if self._tasks:
            await self._tasks[0]

    def _stop(self, number: signal.Signals) -> None:
        if self._tasks:
            self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._server.handle_exit(number, None)
        orders = (self._made.wind_down(GRACE_SECONDS), self._end_late())
        self._tasks += [self._loop.create_task(each) for each in orders]

    async def _end_late(self) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        await self._made.end_functions()
