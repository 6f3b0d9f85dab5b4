"""A conversation gets another title."""

from chat.changes.family import Family
from chat.events import ChangeFrame


class ConversationUpdated(ChangeFrame, tag="conversation.updated", frozen=True):
    """The conversation has a new title, which may be empty."""

    title: str


FAMILY = Family(examples=(ConversationUpdated("The way home", seq=351),))
