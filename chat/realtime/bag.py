"""Connections held together, in as little memory as their number allows.

Most conversations have few sockets in one process, and a process has many conversations. So
up to FEW are a tuple (8 bytes per connection; an empty one is shared), and more are a set.
Whoever changes a bag puts the new one in place of the old.
"""

from collections.abc import Set as AbstractSet

from chat.realtime.subscribers import Subscriber

Bag = tuple[Subscriber, ...] | set[Subscriber]

FEW = 64
"""The most that a tuple holds: to look through them takes less than a microsecond."""


def with_one(bag: Bag, connection: Subscriber) -> Bag:
    """The bag with this connection, which is not in it."""
    if isinstance(bag, AbstractSet):
        bag.add(connection)
        return bag
    return {*bag, connection} if len(bag) >= FEW else (*bag, connection)


def without(bag: Bag, connection: Subscriber) -> Bag:
    """The bag without this connection, which may not be in it."""
    if isinstance(bag, AbstractSet):
        bag.discard(connection)
        return tuple(bag) if len(bag) <= FEW // 2 else bag
    return tuple([one for one in bag if one is not connection]) if connection in bag else bag
