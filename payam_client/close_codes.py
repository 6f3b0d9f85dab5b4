"""The meaning of the codes with which a server closes a socket, or refuses to open it."""

RESTART_MOST = 60.0
"""Most seconds that a restarting server may make a client wait."""
ABNORMAL = 1006
FINAL = {
    1000: "closed",
    1003: "not_text",
    1007: "invalid_utf8",
    1009: "too_large",
    4400: "malformed_frame",
    4404: "not_found",
}
"""Close codes after which a new connection would only be closed again."""
REFUSED_FOR_GOOD = {400: 4400, 403: 4404, 404: 4404}
"""Statuses of a handshake that would be the same the next time, and their close codes."""


def restart_delay(reason: str) -> float:
    """Seconds after which to return. The reason of a 1012 says it in milliseconds."""
    return min(int(reason) / 1000, RESTART_MOST) if reason.isdecimal() else 0.0
