"""Finds the addresses of names, so that a name that does not answer holds nobody else up.

A question to the system cannot be cancelled. So each has a thread of its own, and all who ask for
the same name meanwhile wait for the same answer.
"""

import asyncio
import socket
import threading
from contextlib import suppress

from chat.outgoing.addresses import Address, address_of

AT_ONCE = 64
"""Most names that are asked for at once. One more has no answer."""

Answer = list[Address]


class Names:
    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[Answer]] = {}

    async def addresses(self, host: str) -> Answer:
        """The addresses of a host, in the order of the system. Raises OSError."""
        literal = address_of(host)
        if literal is not None:
            return [literal]
        if host not in self._asked:
            if len(self._asked) >= AT_ONCE:
                raise OSError("too many names are being asked for")
            self._ask(host)
        return await asyncio.shield(self._asked[host])

    def _ask(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._asked[host] = future
        future.add_done_callback(lambda done: self._answered(host, done))

        def settle(answer: Answer, error: OSError | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)

        def work() -> None:
            answer: Answer = []
            error: OSError | None = None
            try:
                answer = lookup(host)
            except (OSError, UnicodeError) as fault:
                error = fault if isinstance(fault, OSError) else OSError("no such name")
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, answer, error)

        # A daemon, because the end of the process does not wait for a name.
        threading.Thread(target=work, name="payam-names", daemon=True).start()

    def _answered(self, host: str, done: "asyncio.Future[Answer]") -> None:
        del self._asked[host]
        if not done.cancelled():
            done.exception()  # whoever asked may have given up


def lookup(host: str) -> Answer:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [address_of(str(entry[4][0])) for entry in found]
    return list(dict.fromkeys(address for address in addresses if address is not None))
