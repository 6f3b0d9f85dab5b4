"""Which board of presence a process has."""

from chat.realtime.presence.board import Board, LocalBoard


def board_over(redis_url: str) -> Board:
    """The board that REDIS_URL asks for."""
    if not redis_url:
        return LocalBoard()
    from chat.realtime.presence.redis_board import RedisBoard  # noqa: PLC0415 - for Redis alone

    return RedisBoard(redis_url)
