"""A user on a server: REST calls, one socket for everything, or single conversations."""

from payam_client.account import Account
from payam_client.calls import Calls
from payam_client.conversation import Conversation
from payam_client.errors import PayamError
from payam_client.inbox import Point
from payam_client.storage import Storage


class Payam(Calls):
    """Use it as `async with Payam(url) as payam`. At the end of the block everything is closed.

    - `tokens` are those of an earlier run. `keep` is called with every new pair, so that you can
      store it, and with None when there is none any more.
    - `patience` is in seconds. An answer that takes longer counts as lost.
    - `backlog` is the most events that wait here for the iteration. Others wait on the server.
    - With `trust_env=False` the proxies in the environment are ignored.

    Every call raises PayamError if the server refuses it or does not answer. Tokens are renewed
    before they end, and when they are refused. If the server cannot be reached, calls that only
    read are tried up to four times. So are calls that make something: they have an
    Idempotency-Key, so that it is made once. Give your own `key` if a call must still be the same
    one after a restart of your program.
    """

    def account(self, storage: Storage | None = None) -> Account:
        """Stay connected to all of one's conversations, on one socket.

        `storage` keeps messages that are not sent yet, and how far the iteration has come. With a
        FileStorage these survive a restart; by default they last as long as the program. Raises
        PayamError if nobody is signed in.
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

        `since` is a position: first everything comes that changed after this `seq`. Without it,
        only new changes come. Take `since` and `epoch` from the `conversation` of an earlier run,
        or from a ConversationRecord. Never take `since` from an Ack, because changes of others
        before it may not have come yet.

        With `epoch` the client notices that the server's database was put back to an older state.
        A Reset comes, and then the whole conversation from its first change on. With
        `replay=False` it goes on live after the Reset instead, and you read the messages before
        that with `messages`.
        """
        if since is not None and since < 0:
            raise ValueError(f"since: {since} is no change number; they begin at 0")
        if epoch is not None and since is None:
            raise ValueError("epoch: comes together with since")
        return Conversation(self, id_, Point(since, epoch), replay)
