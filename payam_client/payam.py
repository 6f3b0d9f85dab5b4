"""Somebody on a server: REST calls, one socket for everything, or single conversations."""

from payam_client.account import Account
from payam_client.calls import Calls
from payam_client.conversation import Conversation
from payam_client.errors import PayamError
from payam_client.inbox import Point
from payam_client.storage import Storage


class Payam(Calls):
    """Use it as `async with Payam(url) as payam`: its end closes all that is open.

    `tokens` are those of an earlier run; `keep` is given every new pair to store, and None
    once there is none any more. `patience` is in seconds: an answer that takes longer
    counts as lost. `backlog` is how many events of a conversation wait here for who iterates;
    the rest wait on the server. With `trust_env=False` the environment's proxies are passed over.

    Every call raises PayamError for what the server refuses or does not answer. Tokens
    are renewed before they end, and when they are refused. Calls that only read are
    repeated, up to four times, where the server cannot be reached. So are calls that make
    something: they carry an Idempotency-Key, so that it is made once. `key` names it where the
    call shall still be the same one after a restart of the program.
    """

    def account(self, storage: Storage | None = None) -> Account:
        """Stay connected to all of one's conversations, on one socket.

        `storage` keeps messages that are not sent yet, and how far was read by who iterates: with
        a FileStorage over restarts, by default as long as the program runs. Raises PayamError
        where nobody is signed in.
        """
        if self.subject is None:
            raise PayamError("Not signed in.", code="not_authenticated", status=401)
        return Account(self, storage or self.memory)

    def open(
        self,
        id_: int,
        *,
        since: int | None = None,
        epoch: str | None = None,
        replay: bool = True,
    ) -> Conversation:
        """Stay connected to a conversation, until it is closed.

        `since` is a change number: what came after it is told first. Without it, what
        comes from now on. Take both `since` and `epoch` from an earlier run's `conversation`,
        or from a ConversationRecord; never from the Ack of what was sent, because changes of
        others before it may not have come yet.

        With `epoch`, a server whose database was put back to an older state is noticed: a
        Reset comes, and then the conversation from its first change on. With `replay=False`
        it goes on live instead, for who reads what was there before with `messages`.
        """
        if since is not None and since < 0:
            raise ValueError(f"since: {since} is no change number; they begin at 0")
        if epoch is not None and since is None:
            raise ValueError("epoch: comes together with since")
        return Conversation(self, id_, Point(since, epoch), replay)
