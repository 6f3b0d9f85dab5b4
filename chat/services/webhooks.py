"""Webhooks: other systems that receive the changes of all conversations.

They are the operator's: they receive everything, whoever takes part in a conversation. So only
staff manage them, and the commands on the server.
"""

import asyncio
import builtins
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.changes import catalogue
from chat.errors import Conflict, Forbidden, InvalidInput, NotFound
from chat.outgoing import signing
from chat.outgoing.client import Client
from chat.outgoing.client import Forbidden as ForbiddenAddress
from chat.outgoing.urls import WrongUrl, parse
from chat.services import webhook_requests as requests
from chat.services.once import once
from chat.services.staff import say_act
from chat.services.webhook_requests import NotDelivered
from chat.store import acts, changes, followers, touched, users
from chat.store import webhooks as store
from chat.store.database import Database, Transaction
from chat.store.followers import Lag
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.webhooks import Webhook
from chat.store.work import Outcome
from chat.times import to_text

WEBHOOKS_MAX = 100
"""How many there may be: each looks at all changes by itself, and the list has no pages."""


class Webhooks:
    """`who` is the caller; None stands for the operator, on the command line."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def list(self, who: Identity | None) -> list[records.Webhook]:
        """All of them, the oldest first."""
        await self._require_staff(who)
        return await self._shown(await store.every(self._database))

    async def get(self, who: Identity | None, webhook_id: int) -> records.Webhook:
        await self._require_staff(who)
        return await self._present(webhook_id)

    async def add(
        self,
        who: Identity | None,
        url: str,
        *,
        events: Sequence[str] = (),
        secret: str | None = None,
        is_asymmetric: bool = False,
        batches: bool = True,
        key: str | None = None,
    ) -> tuple[records.Webhook, bool]:
        """Add a webhook, which receives what happens from now on.

        Returns it, and whether it is new: a retry with the same `key` gets the first one. The
        record of a new one has its secret, this once.
        """
        await self._require_staff(who)
        given = {"url": url, "events": list(events), "secret": secret, "batches": batches}
        await self._check(given)
        if secret is None:
            secret = signing.new_secret(is_asymmetric=is_asymmetric)
        elif is_asymmetric and not secret.startswith(signing.PRIVATE):
            raise InvalidInput({"secret": [f"Must begin with {signing.PRIVATE} for ed25519."]})
        cursor = await touched.present(self._database)

        async def make(transaction: Transaction) -> Outcome[int]:
            if await store.count(transaction) >= WEBHOOKS_MAX:
                raise too_many()
            webhook_id = await store.create(transaction, url, events, secret, batches=batches)
            follower = store.follower_of(webhook_id)
            await followers.prepare(transaction, follower, cursor)
            await self._note(transaction, who, acts.WEBHOOK_ADDED, webhook_id)
            return Outcome(webhook_id)

        owner = 0 if who is None else who.user_id
        request = ("webhook", given, is_asymmetric)
        apply = once(IdempotencyKey.of(owner, key, *request), make)
        async with self._database.transaction() as transaction:
            made = (await apply(transaction)).result
        webhook = await self._stored(made.id)
        await followers.complete(self._database, webhook.follower)
        (shown,) = await self._shown([webhook])
        if made.is_new:
            self._say(who, acts.WEBHOOK_ADDED, made.id)
            shown = replace(shown, secret=webhook.secret)
        return shown, made.is_new

    async def change(
        self,
        who: Identity | None,
        webhook_id: int,
        *,
        url: str | UnsetType = UNSET,
        events: Sequence[str] | UnsetType = UNSET,
        secret: str | UnsetType = UNSET,
        batches: bool | UnsetType = UNSET,
        is_paused: bool | UnsetType = UNSET,
    ) -> records.Webhook:
        """Change what is given. For a day, requests are signed with the old secret as well.

        With another URL or secret a webhook that fails is tried again at once.
        """
        await self._require_staff(who)
        wanted = {"url": url, "events": events, "secret": secret, "batches": batches}
        given = {name: value for name, value in wanted.items() if value is not UNSET}
        await self._check(given)
        await self._stored(webhook_id)
        async with self._database.transaction() as transaction:
            await store.change(transaction, webhook_id, given)
            if is_paused is True:
                await store.pause(transaction, webhook_id, store.ASKED)
            elif is_paused is False and await store.resume(transaction, webhook_id):
                await followers.forgive(transaction, store.follower_of(webhook_id))
            if given.keys() & {"url", "secret"}:  # for which it may have failed
                await store.forgive(transaction, webhook_id)
                await followers.forgive(transaction, store.follower_of(webhook_id))
            changed = [*given, *(() if is_paused is UNSET else ("is_paused",))]
            await self._note(transaction, who, acts.WEBHOOK_CHANGED, webhook_id, *changed)
        self._say(who, acts.WEBHOOK_CHANGED, webhook_id)
        return await self._present(webhook_id)

    async def remove(self, who: Identity | None, webhook_id: int) -> None:
        await self._require_staff(who)
        webhook = await self._stored(webhook_id)
        async with self._database.transaction() as transaction:
            await store.remove(transaction, webhook_id)
            await followers.end(transaction, webhook.follower)
            await self._note(transaction, who, acts.WEBHOOK_REMOVED, webhook_id)
        self._say(who, acts.WEBHOOK_REMOVED, webhook_id)
        await followers.forget(self._database, webhook.follower)

    async def test(self, who: Identity | None, webhook_id: int) -> records.WebhookTest:
        """Send one request that stands for no change, and say how it went. A webhook that is
        paused gets it too. Nothing else follows from it.
        """
        await self._require_staff(who)
        webhook = await self._stored(webhook_id)
        request = requests.test_of(webhook, secrets.token_hex(8))
        status, error = None, None
        begun = monotonic()
        try:
            status = await requests.send(self._client, webhook, request)
        except NotDelivered as failure:
            status, error = failure.status, str(failure)
        return records.WebhookTest(status, error, round(monotonic() - begun, 3))

    async def replay(self, who: Identity | None, webhook_id: int, since: str) -> int:
        """Send once more what happened since a moment. Returns in how many conversations.

        A webhook that is paused sends it when it goes on.
        """
        await self._require_staff(who)
        webhook = await self._stored(webhook_id)
        moment = moment_of(since)
        async with self._database.transaction() as transaction:
            await self._note(transaction, who, acts.WEBHOOK_REPLAYED, webhook_id)
        self._say(who, acts.WEBHOOK_REPLAYED, webhook_id)
        after: int | None = 0
        conversations = 0
        while after is not None:
            found, after = await changes.first_since(self._database, moment, after)
            seqs = {conversation_id: seq - 1 for conversation_id, seq in found.items()}
            conversations += len(seqs)
            await followers.rewind(self._database, webhook.follower, seqs)
            await asyncio.sleep(0)
        return conversations

    async def _note(
        self, transaction: Transaction, who: Identity | None, kind: str, id_: int, *fields: str
    ) -> None:
        """Keep what was done, without the URL and the secret, which open doors elsewhere."""
        actor = None if who is None else who.user_id
        detail = f"webhook {id_}" + (f": {', '.join(fields)}" if fields else "")
        await acts.write(transaction, actor, kind, detail=detail)

    def _say(self, who: Identity | None, kind: str, webhook_id: int) -> None:
        say_act(None if who is None else who.user_id, kind, f"webhook {webhook_id}")

    async def _require_staff(self, who: Identity | None) -> None:
        if who is not None and await users.staff_member(self._database, who.user_id) is None:
            raise NOT_STAFF

    async def _stored(self, webhook_id: int) -> Webhook:
        webhook = await store.by_id(self._database, webhook_id)
        if webhook is None:
            raise NotFound("There is no such webhook.")
        return webhook

    async def _check(self, given: Mapping[str, Any]) -> None:
        """Raises InvalidInput, which names the field."""
        if "events" in given:
            check_events(given["events"])
        if given.get("secret") is not None:
            check_secret(given["secret"])
        if "url" in given:
            try:
                await self._client.check(parse(given["url"]))
            except WrongUrl as error:
                raise InvalidInput({"url": [str(error)]}) from None
            except ForbiddenAddress as error:
                raise InvalidInput({"url": [f"Is not allowed: {error}."]}) from None

    async def _present(self, webhook_id: int) -> records.Webhook:
        (shown,) = await self._shown([await self._stored(webhook_id)])
        return shown

    async def _shown(self, webhooks: Sequence[Webhook]) -> builtins.list[records.Webhook]:
        lags = await followers.lags(self._database, [one.follower for one in webhooks])
        return [record_of(one, lags.get(one.follower, followers.NO_LAG)) for one in webhooks]


def record_of(webhook: Webhook, lag: Lag) -> records.Webhook:
    """The webhook as staff see it, without its secret."""
    if webhook.paused_at is not None:
        status = "paused"
    else:
        status = "failing" if webhook.failures else "working"
    return records.Webhook(
        id=webhook.id,
        url=webhook.url,
        events=list(webhook.events),
        batches=webhook.batches,
        status=status,
        paused_because=webhook.paused_because,
        paused_at=shown(webhook.paused_at),
        failing_since=shown(webhook.failing_since),
        last_error=webhook.last_error,
        last_error_at=shown(webhook.last_error_at),
        delivered_at=shown(webhook.delivered_at),
        behind_conversations=lag.conversations,
        behind_seconds=round(lag.seconds, 3),
        created_at=to_text(webhook.created_at),
        public_key=requests.signer_of(webhook.secret).public_key,
    )


def shown(moment: int | None) -> str | None:
    return None if moment is None else to_text(moment)


def check_events(events: Sequence[str]) -> None:
    unknown = [event for event in events if event not in catalogue.NAMES]
    if unknown:
        known = ", ".join(catalogue.NAMES)
        raise InvalidInput({"events": [f"No such event: {unknown[0][:100]!r}. There are {known}."]})
    if len(set(events)) < len(events):
        raise InvalidInput({"events": ["Each event may be there only once."]})


def check_secret(secret: str) -> None:
    try:
        signing.signer_of(secret)
    except signing.WrongSecret as error:
        raise InvalidInput({"secret": [str(error)]}) from None


def moment_of(text: str) -> int:
    """Microseconds since 1970 of a moment as RFC 3339 has it. Raises InvalidInput."""
    wrong = InvalidInput({"since": ["A moment like 2026-01-31T08:00:00Z, with its time zone."]})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if moment.tzinfo is None or "T" not in text.upper():
        raise wrong
    # A difference, because the first and the last hours of the calendar have no moment in UTC.
    return (moment - EPOCH) // timedelta(microseconds=1)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_STAFF = Forbidden("Only staff manage webhooks.")


def too_many() -> Conflict:
    return Conflict(f"There may be at most {WEBHOOKS_MAX} webhooks.", code="too_many_webhooks")
