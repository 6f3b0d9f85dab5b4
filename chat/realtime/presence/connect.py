"""Which board of presence a process has."""

from chat.realtime.presence.board import Board, LocalBoard
from chat.realtime.presence.redis_board import RedisBoard


def board_over(redis_url: str) -> Board:
    """The board that REDIS_URL asks for."""
    return RedisBoard(redis_url) if redis_url else LocalBoard()
