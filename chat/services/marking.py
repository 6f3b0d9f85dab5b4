"""Marks in messages where a text stands, and lets others go on meanwhile."""

from collections.abc import Iterable

from chat import records
from chat.text.pace import in_turns
from chat.text.searching import matches

LETTERS = 8_000
"""After so many, the event loop may go on: a few milliseconds."""


async def marked(messages: Iterable[tuple[int, records.Message]], text: str) -> list[records.Found]:
    """Those of (conversation, message) that contain the text, in their order."""
    return [
        records.Found(conversation_id, message, where)
        async for conversation_id, message in in_turns(
            messages, lambda one: len(one[1].content), LETTERS
        )
        # What was changed a moment ago may not contain the text any more.
        if (where := matches(message.content, text))
    ]
