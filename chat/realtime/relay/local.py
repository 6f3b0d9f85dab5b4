"""The relay of a process without others."""

import asyncio

from chat.realtime.relay.relay import Relay, RelayListener


class LocalRelay(Relay):
    """The relay of one process alone. It publishes nothing."""

    has_others = False
    is_connected = True
    backlog = 0

    def __init__(self) -> None:
        self._listener: RelayListener | None = None

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        pass

    def announce(self, payload: bytes) -> None:
        pass

    async def flush(self) -> None:
        pass

    def subscribe(self, conversation_id: int) -> None:
        # At once. But this process itself may have changed the conversation just now.
        if self._listener is not None:
            self._listener.subscribed([conversation_id])

    def unsubscribe(self, conversation_id: int) -> None:
        pass

    async def run(self, listener: RelayListener) -> None:
        self._listener = listener
        await asyncio.get_running_loop().create_future()
