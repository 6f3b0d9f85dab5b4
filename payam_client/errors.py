"""What can go wrong, in one tree.

PayamError                what the server refused, or could not be asked
└── ConversationClosed    an open conversation is closed, and will not come back
"""

from collections.abc import Mapping, Sequence


class PayamError(Exception):
    """`code` is stable and for programs; the text is one sentence for people.

    `status` is HTTP's, 0 where it came over a socket or nothing came at all. `code` is
    `offline` where the server cannot be reached. `errors` says for each wrong field what
    is wrong with it. `retry_after` is in seconds, where waiting may help.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "error",
        status: int = 0,
        errors: Mapping[str, Sequence[str]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.status = status
        self.errors = dict(errors or {})
        self.retry_after = retry_after


class ConversationClosed(PayamError):
    """`close_code` is the websocket's (4404: not, or no longer, a participant)."""

    def __init__(self, detail: str, *, code: str, close_code: int) -> None:
        super().__init__(detail, code=code)
        self.close_code = close_code
