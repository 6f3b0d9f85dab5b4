"""Why a websocket is closed, and whether its client should come back."""

from msgspec import Struct


class Close(Struct, frozen=True):
    code: int
    meaning: str
    come_back: str


CLOSES = (
    Close(1000, "The client closed.", "as it likes"),
    Close(1001, "The server goes away.", "yes"),
    Close(1002, "The client broke the websocket protocol.", "no"),
    Close(1003, "A binary frame: there are only text frames.", "no"),
    Close(1007, "Text that is not UTF-8.", "no"),
    Close(1009, "A message above `frame_max_size` of `GET /api/settings/`.", "no"),
    Close(1011, "The server failed; this has been logged.", "yes, with `since`"),
    Close(
        1012,
        "The server restarts; the reason is a delay in milliseconds, another for each client.",
        "yes, after it",
    ),
    Close(1013, "The server cannot look the caller up at the moment.", "yes, later"),
    Close(4400, "Too many malformed frames, or a malformed `since`.", "no"),
    Close(4401, "Not authenticated; or the token expired or was revoked.", "with a new token"),
    Close(4404, "No such conversation for this user, or removed from it.", "no"),
    Close(4408, "Did not read fast enough: more waited than `WS_SEND_BUFFER`.", "with `since`"),
    Close(4429, "Too many messages or connections.", "later"),
)
