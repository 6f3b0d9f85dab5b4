"""What can go wrong, in one tree.

PayamError                the server refused something, or could not be reached
└── ConversationClosed    an open conversation or account is closed for good
"""

from collections.abc import Mapping, Sequence


class PayamError(Exception):
    """`code` is stable and for programs. The text is one sentence for people.

    `status` is that of HTTP, or 0 if the error came over a socket or there was no answer. `code` is
    `offline` if the server cannot be reached. `errors` says for each wrong field what is wrong
    with it. `retry_after` is in seconds, if waiting may help.
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
    """`close_code` is that of the websocket. (4404 means: not a participant, or not any more.)"""

    def __init__(self, detail: str, *, code: str, close_code: int) -> None:
        super().__init__(detail, code=code)
        self.close_code = close_code
