"""What can go wrong, in one tree.

    PayamError
    ├── InvalidInput          a field is missing, malformed or over its limit
    ├── NotAuthenticated      no token, or one that is malformed, expired or revoked
    ├── Forbidden             known caller, not allowed to do this
    ├── NotFound              no such thing for this caller (existence is not disclosed)
    ├── Conflict              the present state does not allow it
    │   └── EpochChanged      the database was put back: a `since` means nothing any more
    ├── TooLarge              a body or a file above its limit
    ├── UnsupportedMedia      a body of a type that this path does not take
    ├── PreconditionFailed    the client speaks another version of a protocol
    ├── KeyReused             an idempotency key came again with another body
    ├── Failed                a fault of the server, which has logged it
    └── RetryLater            passes by itself; says when to come back
        ├── RateLimited       too many requests, messages or connections
        └── Unavailable       a dependency is down or a queue is full; nothing was changed
            └── OutcomeUnknown    the answer was lost: it may have been changed

`chat.api.problems` turns these into HTTP responses, `chat.realtime.socket` into
`error` frames. Neither shows a client anything but `code`, `detail`, `fields` and
`retry_after`.
"""

from collections.abc import Mapping, Sequence


class PayamError(Exception):
    """Base of every error that a client may see.

    `code` is stable and for programs. `detail` is one English sentence for people.
    """

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InvalidInput(PayamError):
    """`fields` maps each wrong field to what is wrong with it, with the limit."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[str]], *, code: str | None = None) -> None:
        detail = " ".join(f"{field}: {text}" for field, texts in fields.items() for text in texts)
        super().__init__(detail, code=code)
        self.fields = {field: list(texts) for field, texts in fields.items()}


class NotAuthenticated(PayamError):
    code = "not_authenticated"


class Forbidden(PayamError):
    code = "forbidden"


class NotFound(PayamError):
    code = "not_found"


class Conflict(PayamError):
    code = "conflict"


class EpochChanged(Conflict):
    """`epoch` is the present one."""

    code = "epoch_changed"

    def __init__(self, epoch: str) -> None:
        super().__init__("The change numbers count anew here: read the conversation again.")
        self.epoch = epoch


class TooLarge(PayamError):
    code = "too_large"


class UnsupportedMedia(PayamError):
    code = "unsupported_media_type"


class PreconditionFailed(PayamError):
    code = "tus_version"


class KeyReused(PayamError):
    code = "key_reused"


class Failed(PayamError):
    """Stands for an unexpected error, which has been logged with its traceback."""

    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("The server failed; this has been logged.")


class RetryLater(PayamError):
    """Base of the errors that pass by themselves; `retry_after` is in seconds."""

    def __init__(self, detail: str, *, retry_after: float, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class RateLimited(RetryLater):
    """`limit` is how many there may be in `window` seconds. Without a window it is how many there
    may be at the same time. `unit` is what is counted, as the RateLimit headers name it.
    """

    code = "rate_limited"

    def __init__(
        self,
        detail: str,
        *,
        retry_after: float,
        code: str | None = None,
        limit: int | None = None,
        window: int | None = None,
        unit: str = "requests",
    ) -> None:
        super().__init__(detail, retry_after=retry_after, code=code)
        self.limit = limit
        self.window = window
        self.unit = unit


class Unavailable(RetryLater):
    code = "unavailable"


class OutcomeUnknown(Unavailable):
    code = "outcome_unknown"
