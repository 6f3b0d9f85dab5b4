"""Guests of a shop's page: sign-in without a password, and identity by the shop's signature.

The shop's server signs the id of its user: HMAC-SHA-256 with `WIDGET_SECRET`, in hex. A guest who
brings the signature becomes this user, together with the conversations that there are already.
"""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Collection
from hashlib import sha256

from chat import records
from chat.auth.identity import Identity
from chat.errors import Forbidden, InvalidInput, NotFound, Unavailable
from chat.events import Event
from chat.services import business_hours, checks
from chat.services.comings import joining, leaving
from chat.services.desk import rules_of
from chat.services.limits import Limit
from chat.services.rights import RANKS
from chat.services.roles import give
from chat.services.sessions import Sessions, no_sign_in
from chat.services.ticket_steps import stepping_all
from chat.store import conversation_list, participants, roles, support_tickets, users
from chat.store import guests as store
from chat.store.database import Database, Transaction
from chat.store.users import Account
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.times import now, to_text

EMAIL_MAX_LENGTH = 254
"""RFC 5321 allows no longer one."""
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
EXTERNAL_ID_MAX_LENGTH = 150
AGENTS_MOST = 5
"""Agents whose names the desk shows."""


class Guests:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        sessions: Sessions,
        online: Callable[[Collection[int]], Awaitable[set[int]]],
        *,
        is_open: bool,
        secret: str,
        per_address: Limit,
    ) -> None:
        """`secret` is what the shop's server signs with; without it nobody is recognised."""
        self._database = database
        self._writer = writer
        self._sessions = sessions
        self._online = online
        self._is_open = is_open
        self._secret = secret
        self._per_address = per_address

    async def create(self, name: str, email: str, consent: str, address: str) -> records.SignedIn:
        """Sign a new guest in. Raises Forbidden where there are no guests."""
        if not self._is_open:
            raise closed()
        describe(name, email)
        checks.text("consent", consent, most=checks.REASON_MAX_LENGTH, least=len(consent))
        await self._per_address.count(address)
        return await self._begin(await self._make(name, email, None, consent))

    async def identify(
        self,
        who: Identity | None,
        external_id: str,
        signature: str,
        name: str,
        email: str,
        address: str,
    ) -> records.SignedIn:
        """Sign a user of the shop in, whom the shop's signature names. `who` is the guest that
        they were until now, if they were one.
        """
        if not self._secret:
            raise closed()
        describe(name, email)
        checks.text("user_id", external_id, most=EXTERNAL_ID_MAX_LENGTH)
        await self._per_address.count(address)
        wanted = hmac.new(self._secret.encode(), external_id.encode(), sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.lower().encode()):
            raise wrong_signature()
        guest_id = None
        if who is not None and await store.is_guest(self._database, who.user_id):
            guest_id = who.user_id
            async with self._database.transaction() as transaction:
                await store.recognise(transaction, guest_id, external_id)
        account = await users.by_external_id(self._database, external_id)
        if account is None:
            account = await self._make(name, email, external_id)
        if account.is_staff:
            raise wrong_signature()  # what the shop signs makes nobody an agent
        if account.is_suspended:
            raise no_sign_in()
        async with self._database.transaction() as transaction:
            if name:
                await store.describe(transaction, account.id, name)
            await store.keep(transaction, account.id, email)
        if guest_id not in (None, account.id):
            await self._join(guest_id, account)
        return await self._begin(account)

    async def get(self, who: Identity, user_id: int) -> records.Guest:
        """What a guest or a user of the shop said of themselves, for staff."""
        if await users.staff_member(self._database, who.user_id) is None:
            raise not_staff()
        found = await store.one(self._database, user_id)
        if found is None:
            raise NotFound("There is no such guest.")
        return found

    async def desk(self) -> records.Desk:
        """Whether an agent is there, and the names of a few who are."""
        staff = sorted(await users.staff(self._database))
        try:
            online = await self._online(staff)
        except Unavailable:
            online = set()
        there = [id_ for id_ in staff if id_ in online][:AGENTS_MOST]
        rules = await rules_of(self._database)
        opens_at = business_hours.opens_at(rules, now())
        return records.Desk(
            online=bool(there),
            agents=await users.profiles(self._database, there),
            in_hours=business_hours.is_inside(rules, now()),
            opens_at=None if opens_at is None else to_text(opens_at),
            reopens=rules.reopen_days is not None,
        )

    async def _make(
        self, name: str, email: str, external_id: str | None, consent: str = ""
    ) -> Account:
        """A new guest, or a new user of the shop."""
        username = f"guest-{secrets.token_hex(6)}"
        async with self._database.transaction() as transaction:
            user_id = await users.create(
                transaction, self._database, username, external_id=external_id
            )
            if user_id is not None and external_id is None:
                await store.mark(transaction, user_id, name, email, consent)
        if user_id is None:  # another request has just made the user of the shop
            assert external_id is not None
            account = await users.by_external_id(self._database, external_id)
            assert account is not None
            return account
        return Account(user_id, username, False, None, external_id)

    async def _begin(self, account: Account) -> records.SignedIn:
        pair = await self._sessions.begin(account)
        return records.SignedIn(account.id, account.username, pair.access, pair.refresh)

    async def _join(self, guest_id: int | None, account: Account) -> None:
        """The account takes the place of the guest in all conversations. Repeated, it goes on."""
        assert guest_id is not None
        guest = await users.by_id(self._database, guest_id)
        if guest is None:
            return
        for conversation_id in await conversation_list.ids(self._database, guest_id):
            await self._writer.change(
                conversation_id, self._moving(conversation_id, guest, account)
            )
        async with self._database.transaction() as transaction:
            await store.joined(transaction, guest_id, account.id)

    def _moving(self, conversation_id: int, guest: Account, account: Account) -> Apply[None]:
        async def apply(transaction: Transaction) -> Outcome[None]:
            if not await participants.is_active(transaction, conversation_id, guest.id):
                return Outcome(None)
            events: list[Event] = []
            who = Identity(account.id, account.username, False, 0.0, None)
            if not await participants.is_active(transaction, conversation_id, account.id):
                user = records.User(account.id, account.username)
                events += await joining(transaction, who, conversation_id, [user])
                await store.read_as_far(transaction, conversation_id, guest.id, account.id)
            taken = await taking_over(transaction, conversation_id, guest.id, account.id)
            events += taken.events
            events += await inheriting(transaction, conversation_id, guest.id, account)
            left = records.User(guest.id, guest.username)
            events += await leaving(transaction, guest.id, conversation_id, left)
            return Outcome(None, events, taken.after)

        return apply


async def taking_over(
    transaction: Transaction, conversation_id: int, guest_id: int, account_id: int
) -> Outcome[list[records.SupportTicket]]:
    """The guest's tickets are the account's: each is changed, so that inboxes show it."""
    ids = await store.take_over_tickets(transaction, conversation_id, guest_id, account_id)
    if not ids:
        return Outcome([])
    places = [(conversation_id, ticket_id) for ticket_id in ids]
    tickets = await support_tickets.by_places(transaction, places)
    tickets.sort(key=lambda ticket: ticket.id)
    return await stepping_all(transaction, tickets, "changed", account_id)


async def inheriting(
    transaction: Transaction, conversation_id: int, guest_id: int, account: Account
) -> list[Event]:
    """The account, which is in the conversation, gets the guest's role if it is the higher one."""
    theirs = await roles.standing(transaction, conversation_id, guest_id)
    mine = await roles.standing(transaction, conversation_id, account.id)
    if (
        theirs.is_direct
        or theirs.role is None
        or RANKS.get(theirs.role, 0) <= RANKS.get(mine.role or "", 0)
    ):
        return []
    user = records.User(account.id, account.username)
    return [await give(transaction, guest_id, conversation_id, user, theirs.role)]


def describe(name: str, email: str) -> None:
    """Raises InvalidInput, which names the field. Both may be empty."""
    checks.display_name(name, "name")
    checks.text("email", email, most=EMAIL_MAX_LENGTH, least=len(email))
    if email and not (ADDRESS.fullmatch(email) and email.isprintable()):
        raise InvalidInput({"email": ["An address like ali@example.org."]})


def closed() -> Forbidden:
    return Forbidden("This server has no guests.", code="guests_closed")


def wrong_signature() -> Forbidden:
    return Forbidden("The signature does not belong to this user_id.", code="signature_invalid")


def not_staff() -> Forbidden:
    return Forbidden("Only staff read what guests said of themselves.")
