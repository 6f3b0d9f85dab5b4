"""How much guests may do: each of them, and all from one address together.

Nobody had to sign up to be a guest. So these limits are lower than those of users, and stand beside
them.
"""

from cachetools import LRUCache

from chat.auth.identity import Identity
from chat.services.limits import Limit, network_of

FROM_ADDRESS = 10
"""From one address come so many times as much as from one guest: a family, or a whole office."""

GUESTS_MAX = 50_000


class GuestLimits:
    """Each pair is of one guest, and of an address. They raise RateLimited, with its name."""

    def __init__(
        self,
        messages: tuple[Limit, Limit],
        conversations: tuple[Limit, Limit],
        tickets: tuple[Limit, Limit],
        files: tuple[Limit, Limit],
    ) -> None:
        self._messages = messages
        self._conversations = conversations
        self._tickets = tickets
        self._files = files
        self._networks: LRUCache[int, str] = LRUCache(GUESTS_MAX)
        """From which network each guest opened the last socket."""

    def come(self, who: Identity, address: str) -> None:
        """A guest opens a socket. What the guest sends there counts for this address too."""
        self._networks[who.user_id] = network_of(address)

    def message(self, who: Identity, address: str | None = None) -> None:
        """Count a message. Without an address it came by a socket."""
        if who.is_guest:
            self._messages[0].take(who.user_id)
            network = self._networks.get(who.user_id) if address is None else network_of(address)
            if network is not None:
                self._messages[1].take(network)

    async def conversation(self, who: Identity, address: str) -> None:
        """Count a conversation that a guest begins. Agents may be in it, whom it disturbs."""
        await self._count(self._conversations, who, address)

    async def ticket(self, who: Identity, address: str) -> None:
        await self._count(self._tickets, who, address)

    async def file(self, who: Identity, address: str) -> None:
        await self._count(self._files, who, address)

    async def _count(self, limits: tuple[Limit, Limit], who: Identity, address: str) -> None:
        if who.is_guest:
            await limits[0].count(str(who.user_id))
            await limits[1].count(address)
