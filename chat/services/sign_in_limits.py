"""How often somebody may try passwords, and renew tokens."""

from cachetools import TTLCache

from chat.services.limits import Limit, network_of

CACHE_SIZE = 50_000
HOME_SECONDS = 30 * 86_400.0
"""For so long guesses from elsewhere do not hinder a user where they have signed in."""


class SignInLimits:
    """Each of these raises RateLimited. Names are folded, and addresses are those of clients.

    `per_name` counts attempts for one name from one network, and `elsewhere` those from all
    networks in which nobody has signed in by this name.
    """

    def __init__(
        self, per_name: Limit, elsewhere: Limit, per_address: Limit, renewals: Limit
    ) -> None:
        self.per_name = per_name
        self._elsewhere = elsewhere
        self._per_address = per_address
        self._renewals = renewals
        self._at_home: TTLCache[tuple[str, str], None] = TTLCache(CACHE_SIZE, HOME_SECONDS)

    async def count_address(self, address: str) -> None:
        """Count an attempt, whatever name it is for."""
        await self._per_address.count(address)

    async def count_name(self, name: str, address: str) -> None:
        """Slow down guesses of the password of one name, from one address or from many. Whoever
        has signed in from their address before is not locked out by guesses from others.
        """
        network = network_of(address)
        await self.per_name.count(f"{name} {network}")
        if (name, network) not in self._at_home:
            await self._elsewhere.count(name)

    def remember(self, name: str, address: str) -> None:
        """Somebody has signed in by this name from there."""
        self._at_home[name, network_of(address)] = None

    async def count_renewal(self, address: str) -> None:
        await self._renewals.count(address)
