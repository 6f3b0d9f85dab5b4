"""The two kinds of sockets: of one conversation, and of all that its user has.

A subscription stands between a connection and a conversation. Nearly all are plain: the
connection, or the seat of its user, is in the conversation's group and at the group's position. A
plain one needs no object. `Subscription` is for the others.
"""

import asyncio
from typing import ClassVar, Protocol

from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.realtime.client_frames import AnyClientFrame, ConversationFrame, Resume
from chat.realtime.connection import Connection, Listener
from chat.realtime.protocol import frame_of
from chat.realtime.seats import UNSEATED
from chat.realtime.server_frames import ConversationRemoved
from chat.services.membership import Membership, Memberships, Proof


class Subscriber(Connection):
    """A connection that receives what happens in conversations."""

    __slots__ = ()

    def is_let_in_by(self, proof: Proof | None) -> bool:
        """Whether the database, by this proof, let this very caller have this socket."""
        raise NotImplementedError

    def unsettle(self) -> None:
        """It is not plainly live in one more conversation."""

    def settle(self) -> None:
        """It is plainly live again in one of those."""

    def removed(self, conversation_id: int) -> None:
        """Its user is out of the conversation; it has been sent everything up to that."""
        raise NotImplementedError

    def conversation_of(self, frame: AnyClientFrame) -> int | None:
        """Which conversation a frame is for; None where it is for the whole socket.

        Raises InvalidInput for one that may not be named on this socket.
        """
        raise NotImplementedError


class ConversationSocket(Subscriber):
    """`/ws/chat/<conversation_id>/`: it ends with the membership."""

    __slots__ = ("conversation_id",)

    def __init__(
        self, listener: Listener, identity: Identity, conversation_id: int, max_size: int
    ) -> None:
        super().__init__(listener, identity, max_size)
        self.conversation_id = conversation_id

    def is_let_in_by(self, proof: Proof | None) -> bool:
        return isinstance(proof, Membership) and (proof.user_id, proof.conversation_id) == (
            self.identity.user_id,
            self.conversation_id,
        )

    def removed(self, conversation_id: int) -> None:
        self.close(4404, "removed from the conversation")

    def conversation_of(self, frame: AnyClientFrame) -> int | None:
        if isinstance(frame, ConversationFrame) and (
            frame.conversation not in (None, self.conversation_id)
        ):
            raise InvalidInput({"conversation": [f"Only {self.conversation_id} on this socket."]})
        return self.conversation_id


class Removals(Protocol):
    """Hears that sockets have lost a conversation."""

    def conversation_lost(self, connection: "UserSocket", conversation_id: int) -> None: ...


class Opening:
    """The state of a socket until it is in all of its conversations.

    `noted` are conversations of which something was announced meanwhile.
    """

    __slots__ = ("done", "noted")

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.noted: set[int] = set()


class UserSocket(Subscriber):
    """`/ws/`: it has all of its user's conversations, and outlives each of them.

    `seat` is the user's place in the groups, which all of the user's sockets share. `unsettled`
    counts the conversations in which this one is not plainly live. `is_resuming` while all of them
    are resumed.
    """

    __slots__ = ("is_resuming", "opening", "removals", "seat", "unsettled")

    is_wide: ClassVar = True

    def __init__(
        self, listener: Listener, identity: Identity, max_size: int, removals: Removals
    ) -> None:
        super().__init__(listener, identity, max_size)
        self.removals = removals
        self.seat = UNSEATED
        self.unsettled = 0
        self.is_resuming = False
        self.opening: Opening | None = Opening()

    @property
    def is_settled(self) -> bool:
        """Whether it was sent all that the groups of this process have."""
        return not (self.unsettled or self.is_resuming or self.opening)

    def is_let_in_by(self, proof: Proof | None) -> bool:
        return isinstance(proof, Memberships) and proof.user_id == self.identity.user_id

    def unsettle(self) -> None:
        self.unsettled += 1

    def settle(self) -> None:
        self.unsettled -= 1

    def removed(self, conversation_id: int) -> None:
        self.send(frame_of(ConversationRemoved(conversation_id)))
        self.removals.conversation_lost(self, conversation_id)

    def conversation_of(self, frame: AnyClientFrame) -> int | None:
        if not isinstance(frame, ConversationFrame):
            return None
        if frame.conversation is None and not isinstance(frame, Resume):
            raise InvalidInput({"conversation": ["Is required on this socket."]})
        return frame.conversation
