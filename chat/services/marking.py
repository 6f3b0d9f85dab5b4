"""Marks in messages where a text stands, and lets others go on meanwhile."""

import asyncio
from collections.abc import Iterable

from chat import records
from chat.text.searching import matches

LETTERS = 8_000
"""After so many, the event loop may go on: a few milliseconds."""


async def marked(messages: Iterable[tuple[int, records.Message]], text: str) -> list[records.Found]:
    """Those of (conversation, message) that contain the text, in their order."""
    found = []
    letters = 0
    for conversation_id, message in messages:
        # What was changed a moment ago may not contain the text any more.
        if where := matches(message.content, text):
            found.append(records.Found(conversation_id, message, where))
        letters += len(message.content)
        if letters > LETTERS:
            letters = 0
            await asyncio.sleep(0)
    return found
