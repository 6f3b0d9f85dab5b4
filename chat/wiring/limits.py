"""The limits of a process, from its settings. `RATE_LIMITS=false` lifts them all."""

from chat.services.guest_limits import FROM_ADDRESS, GuestLimits
from chat.services.limits import Counts, Limit, Settling
from chat.services.sign_in_limits import SignInLimits
from config.settings import Settings

BURST = 5
"""Seconds' worth of a limit that may come at once."""


class Rates:
    """Makes limits. `counts` and `settling` count over all nodes; they are None without Redis."""

    def __init__(
        self, settings: Settings, counts: Counts | None, settling: Settling | None
    ) -> None:
        self._settings = settings
        self._counts = counts
        self._settling = settling

    def seldom(self, rate: float, burst: float, what: str, *, is_secret: bool = False) -> Limit:
        """A limit of something that is dear, by calls per second."""
        return Limit(
            self._unless_lifted(rate), burst, what, is_secret=is_secret, counts=self._counts
        )

    def often(self, rate: float, what: str) -> Limit:
        """A limit of what happens often, by calls per second."""
        return Limit(self._unless_lifted(rate), rate * BURST, what, settling=self._settling)

    def sign_ins(self) -> SignInLimits:
        logins, requests = self._settings.rate_logins, self._settings.rate_requests
        what = "password attempts"
        return SignInLimits(
            self.seldom(logins / 60, logins, f"{what} for this name", is_secret=True),
            self.seldom(
                logins / 6, logins * 10, f"{what} for this name from new addresses", is_secret=True
            ),
            self.seldom(logins / 6, logins * 10, f"{what} from this address"),
            self.seldom(requests, requests * BURST, "token requests from this address"),
        )

    def sign_ups(self) -> Limit:
        logins = self._settings.rate_logins
        return self.seldom(logins / 6, logins * 10, "sign-ups from this address")

    def guests(self) -> GuestLimits:
        """How much guests may do."""
        settings = self._settings
        return GuestLimits(
            messages=self._pair(settings.rate_guest_messages, 60, "messages"),
            conversations=self._pair(settings.rate_guest_tickets, 3600, "conversations"),
            tickets=self._pair(settings.rate_guest_tickets, 3600, "tickets"),
            files=self._pair(settings.rate_guest_files, 3600, "files"),
        )

    def _pair(self, amount: int, seconds: int, what: str) -> tuple[Limit, Limit]:
        """So much in so many seconds of one guest, and more of all from one address."""

        def limit(most: int, whose: str) -> Limit:
            return Limit(
                self._unless_lifted(most / seconds),
                most,
                f"{what} {whose}",
                counts=self._counts,
                settling=self._settling,
            )

        return limit(amount, "of this guest"), limit(
            amount * FROM_ADDRESS, "of guests from this address"
        )

    def _unless_lifted(self, rate: float) -> float | None:
        return rate if self._settings.rate_limits else None
