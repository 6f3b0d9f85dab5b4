"""The follower that brings changes to another system: one for each webhook.

A receiver that fails is left alone as a whole, by all nodes, for pauses that grow. Example, with
10,000 conversations in which something is to be sent:

1. The receiver dies. The requests that are under way fail; their conversations are put off.
2. So do those of the next conversations. The receiver has failed twice now, and is left alone for
   a second.
3. After it one process, of all nodes, tries one conversation. It fails: the next pause is longer.
4. It succeeds: all conversations are due at once, in all processes.

Where one conversation fails and others do not, only that one is put off, for longer and longer. A
receiver or a conversation that has failed for `give_up` seconds pauses the webhook, and staff see
it. Nothing is left out: on resuming, all that was not delivered is sent.
"""

import logging
import math
import random
from collections.abc import Sequence
from time import monotonic

from msgspec import Struct

from chat.changes.family import name_of
from chat.events import Change
from chat.followers.follower import PARALLEL, Follower, Later
from chat.outgoing.client import Client
from chat.placing import placed
from chat.services import webhook_requests as requests
from chat.services.webhook_requests import Identified, NotDelivered, Request
from chat.store import acts, followers, history, webhooks
from chat.store import changes as log_of_changes
from chat.store.database import Database
from chat.store.webhooks import FAILING, GONE, Webhook

log = logging.getLogger("payam.webhooks")

BEHIND = 10
"""With more changes of a conversation to send, a request has many of them."""
PART = 20
"""Most requests in one turn; a node that dies in between has them sent once more."""
BATCH_MAX = 256 * 1024
"""Bytes of the changes in one request, if there are several."""
NOTED_SECONDS = 10.0
"""How often a success is written down while nothing fails."""


class Patience(Struct, frozen=True):
    """Pauses in seconds. `first` is the pause after a failure; each further failure doubles it.

    It grows up to `most` for a conversation, and up to `quiet` for the receiver as a whole: one
    change that it cannot take must not hold up the others for long. `asked` is the most that a
    receiver may ask for in `Retry-After`. `claim` is how long the one process may take that tries
    a failing receiver.
    """

    first: float = 1.0
    most: float = 3600.0
    quiet: float = 60.0
    asked: float = 3600.0
    give_up: float = 3 * 86_400.0
    claim: float = 30.0

    def pause(self, failures: int, most: float, asked: float) -> float:
        """The pause after so many failures in a row, a bit longer at random."""
        grown = min(self.first * 2.0 ** min(failures - 1, 32), most) if failures else 0.0
        spread = grown * random.uniform(1.0, 1.25)  # noqa: S311 - no secret
        return max(spread, min(asked, self.asked))


PATIENCE = Patience()


class WebhookFollower(Follower):
    """Sends the changes of each conversation in order, one request after the other."""

    with_past = None

    def __init__(
        self,
        database: Database,
        client: Client,
        prefix: str,
        patience: Patience,
        webhook: Webhook,
    ) -> None:
        """`prefix` is the path of the site, which is put before each path in a change."""
        self.name = webhook.follower
        self._database = database
        self._client = client
        self._prefix = prefix
        self._patience = patience
        self._singly: set[int] = set()
        """Conversations whose last batch failed: perhaps one change does, or the size."""
        self._noted_at = 0.0
        self.see(webhook)

    def see(self, webhook: Webhook) -> None:
        """The webhook, as it is in the database now."""
        self.webhook = webhook
        is_paused = webhook.paused_at is not None
        self._quiet_until = math.inf if is_paused else monotonic() + webhook.waits

    def room(self, working: int) -> int:
        """None while the receiver is left alone, and one conversation to try it again."""
        if monotonic() < self._quiet_until:
            return 0
        return (1 if self._is_failing else PARALLEL) - working

    @property
    def _is_failing(self) -> bool:
        """Whether the receiver as a whole fails. The first failure may be of one change alone."""
        return self.webhook.failures > 1

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        reached = changes[0].seq - 1
        wanted = [change for change in changes if self._wants(change)]
        if not wanted:
            return
        if self._is_failing and not await webhooks.claim(
            self._database, self.webhook.id, self._patience.claim
        ):
            raise Later(reached, self._patience.first, is_failure=False)
        events = await self._events(conversation_id, wanted)
        turn = self._requests(conversation_id, events)
        for request, last in turn[:PART]:
            webhook = self.webhook
            if webhook.paused_at is not None:  # since the turn began
                raise Later(reached, 0.0, is_failure=False)
            try:
                await requests.send(self._client, webhook, request)
            except NotDelivered as error:
                self._singly.add(conversation_id)
                pause = await self._failed(webhook, conversation_id, error)
                raise Later(reached, pause, is_failure=pause > 0.0) from None
            reached = wanted[last].seq
            await self._succeeded()
        self._singly.discard(conversation_id)
        if len(turn) > PART:
            raise Later(reached, 0.0, is_failure=False)

    def _wants(self, change: Change) -> bool:
        if change.readers is not None:
            return False  # a note of staff does not leave the house
        return not self.webhook.events or name_of(change.frame) in self.webhook.events

    async def _events(self, conversation_id: int, wanted: Sequence[Change]) -> list[Identified]:
        # A message has its moment; of other changes the log has it.
        seqs = [one.seq for one in wanted if not hasattr(one.frame, "timestamp")]
        logged = await log_of_changes.moments(self._database, conversation_id, seqs) if seqs else {}
        # Read each time: after a database was put back, the same number is another change.
        name = await history.read(self._database)
        return requests.identified(name, self.webhook, placed(self._prefix, wanted), logged)

    def _requests(
        self, conversation_id: int, events: Sequence[Identified]
    ) -> list[tuple[Request, int]]:
        """The requests to make, each with the index of its last event."""
        may_batch = self.webhook.batches and conversation_id not in self._singly
        if len(events) <= BEHIND or not may_batch:
            return [(requests.alone(event), index) for index, event in enumerate(events)]
        made = []
        batch: list[Identified] = []
        size = 0
        for index, event in enumerate(events):
            batch.append(event)
            size += len(event.data)
            if size >= BATCH_MAX or index == len(events) - 1:
                made.append((requests.together(batch), index))
                batch, size = [], 0
        return made

    async def _succeeded(self) -> None:
        is_recovery = self._is_failing
        if self.webhook.failures or monotonic() - self._noted_at > NOTED_SECONDS:
            self._noted_at = monotonic()
            await webhooks.delivered(self._database, self.webhook.id)
            await self._look_again()
        if is_recovery:
            log.info("webhook %d (%s) takes requests again", *self._named)
            await followers.hasten(self._database, self.name)

    async def _failed(self, webhook: Webhook, conversation_id: int, error: NotDelivered) -> float:
        """Note the failure of the receiver; the pause of the conversation.

        `webhook` is as it was before the attempt: of attempts at the same time, one counts. None
        counts whose URL or secret is another one by now: there is no pause then.
        """
        await self._look_again()
        if self._is_put_right(webhook):
            return 0.0
        patience, asked = self._patience, error.retry_after
        log.warning(
            "webhook %d (%s) did not take a change: %s",
            *self._named,
            error,
            extra={"conversation": conversation_id},
        )
        # From its second failure on, the receiver is left alone.
        quiet = patience.pause(webhook.failures, patience.quiet, asked)
        failing_for = await webhooks.failed(self._database, webhook, str(error), quiet)
        here = await followers.failing(self._database, self.name, conversation_id)
        if error.is_gone:
            await self._pause(GONE, "its receiver answered 410 Gone")
        elif max(failing_for, here.seconds) >= patience.give_up:
            await self._pause(FAILING, "its receiver has failed for too long")
        await self._look_again()
        if self._is_put_right(webhook):
            return 0.0
        return patience.pause(here.failures + 1, patience.most, asked)

    def _is_put_right(self, tried: Webhook) -> bool:
        """Whether it was changed, since that attempt, in what it may have failed for."""
        return (self.webhook.url, self.webhook.secret) != (tried.url, tried.secret)

    async def _pause(self, because: str, why: str) -> None:
        async with self._database.transaction() as transaction:
            is_new = await webhooks.pause(transaction, self.webhook.id, because)
            if is_new:  # staff find it in the list of acts
                detail = f"webhook {self.webhook.id}: {because}"
                await acts.write(transaction, None, acts.WEBHOOK_PAUSED, detail=detail)
        if is_new:
            log.error("webhook %d (%s) is paused: %s", *self._named, why)

    async def _look_again(self) -> None:
        present = await webhooks.by_id(self._database, self.webhook.id)
        if present is not None:
            self.see(present)

    @property
    def _named(self) -> tuple[int, str]:
        return self.webhook.id, requests.url_of(self.webhook.url).shown
