"""The messages that go over the relay: their sender, its history, and their content.

    deployment  8 bytes   whose news it is: several may share one Redis
    FORMAT      2 bytes
    epoch       8 bytes   the history that the numbers belong to
    process     8 bytes   by which a process knows its own
    kind        1 byte    C a batch of changes, P something ephemeral, R a revoked family of
                          tokens, H that the history has a new name, J people who
                          have come into a conversation, O who went online or offline,
                          S whose own settings of a conversation have changed,
                          T which ticket has changed, E who has erased themselves,
                          A whose account staff have changed, Q a node that asks
                          whether all have read what came before, Y one that has,
                          N that a node has begun to listen
    body                  of R the family's id, of H and N nothing, of all others MessagePack

A process that runs an older version finds at FORMAT a batch that it cannot decode, and
looks into the database. So does a newer one with what has no FORMAT there.
"""

import secrets
from hashlib import blake2b

from chat.store.history import Name

FORMAT = b"C\xc1"  # MessagePack has no value that begins with C1
PART = 8
FORMAT_AT = slice(PART, PART + len(FORMAT))
DEPLOYMENT_SIZE = PART + len(FORMAT)
KIND_AT = DEPLOYMENT_SIZE + 2 * PART

BATCH, EPHEMERAL, REVOKED, HISTORY, JOINED, PRESENCE = b"C", b"P", b"R", b"H", b"J", b"O"
OWN, TICKET, ERASED, ACCOUNT = b"S", b"T", b"E", b"A"
ASKED, ANSWERED = b"Q", b"Y"
BEGUN = b"N"


def short(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=PART).digest()


class Marks:
    """What news of this process begins with, while the database's history has this name.

    All of it begins with `ours`, that of other processes of the same history with `history`,
    that of the same deployment with `deployment`.
    """

    def __init__(self, name: Name) -> None:
        self.deployment = short(name.deployment) + FORMAT
        self.history = self.deployment + short(name.epoch)
        self.ours = self.history + secrets.token_bytes(PART)


def is_news(payload: bytes) -> bool:
    """Whether a process of this version published it, of whatever deployment."""
    return payload[FORMAT_AT] == FORMAT
