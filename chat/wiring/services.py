"""The services of a process, from its settings and what they stand on."""

from dataclasses import dataclass

from msgspec.structs import replace

from chat.auth.passwords import Passwords
from chat.auth.tokens import Tokens
from chat.auth.vapid import Vapid
from chat.events import Ephemeral
from chat.outgoing.client import Client
from chat.placing import placed
from chat.realtime.dispatcher import Dispatcher
from chat.services.accounts import Accounts
from chat.services.acts import Acts
from chat.services.arriving import Arriving
from chat.services.attachments import Attachments
from chat.services.avatars import Avatars
from chat.services.blocks import Blocks
from chat.services.canned_responses import CannedResponses
from chat.services.changes import Changes
from chat.services.conversation_export import ConversationExport
from chat.services.conversations import Conversations
from chat.services.deployment import Deployment
from chat.services.desk import DeskKeeping
from chat.services.desk_figures import FiguresOfDesk
from chat.services.devices import Devices
from chat.services.direct_conversations import DirectConversations
from chat.services.erasure import Erasure
from chat.services.export import Exports
from chat.services.guests import Guests
from chat.services.invites import Invites
from chat.services.messages import Messages
from chat.services.notes import Notes
from chat.services.oversight import Oversight
from chat.services.own_settings import OwnSettings
from chat.services.password_change import PasswordChange
from chat.services.pins import Pins
from chat.services.positions import Positions
from chat.services.presence import Online, Presences
from chat.services.quotas import Quota, Quotas
from chat.services.reactions import Reactions
from chat.services.read_marks import ReadMarks
from chat.services.registry import Services
from chat.services.reports import Reports
from chat.services.resumable_uploads import ResumableUploads
from chat.services.roles import Roles
from chat.services.search import Search
from chat.services.sessions import Sessions
from chat.services.statistics import Statistics
from chat.services.support_tickets import SupportTickets
from chat.services.user_news import UserNews
from chat.services.users import Users
from chat.services.webhooks import Webhooks
from chat.store.database import Database
from chat.store.files import Files
from chat.store.writer import Writer
from chat.wiring.limits import Rates
from config.settings import Settings


@dataclass(frozen=True)
class Beneath:
    """What services stand on."""

    database: Database
    index: Database
    writer: Writer
    files: Files
    passwords: Passwords
    changes: Changes
    dispatcher: Dispatcher
    online: Online
    outgoing: Client
    vapid: Vapid


def services_of(settings: Settings, tokens: Tokens, rates: Rates, beneath: Beneath) -> Services:
    database, writer, files = beneath.database, beneath.writer, beneath.files
    dispatcher, passwords = beneath.dispatcher, beneath.passwords
    ends = dispatcher.ends
    sign_ins = rates.sign_ins()

    def pass_on(event: Ephemeral) -> None:
        dispatcher.pass_on(replace(event, frame=placed(settings.base_path, event.frame)))

    news = UserNews(database, pass_on)
    users = Users(database, passwords, settings, rates.sign_ups(), news)
    conversations = Conversations(
        database,
        writer,
        per_request=settings.participants_per_request,
    )
    notes = Notes(database, writer, most=settings.message_max_length)
    messages = Messages(
        database,
        writer,
        files,
        notes,
        most=settings.message_max_length,
    )
    quotas = Quotas(
        Quota(settings.message_files, settings.message_quota),
        Quota(settings.user_files, settings.user_quota),
        Quota(settings.conversation_files, settings.conversation_quota),
    )
    uploads = ResumableUploads(
        database,
        files.drafts,
        quotas,
        most=settings.attachment_max_size,
        quota=settings.upload_quota,
        lifetime=settings.upload_ttl,
    )
    arriving = Arriving(uploads.quota)
    erasure = Erasure(
        database,
        writer,
        files,
        passwords,
        sign_ins.per_name,
        ends.erased,
        ends.announced_to_all,
    )
    exports = Exports(database, files, conversations, notes)
    sessions = Sessions(
        database,
        tokens,
        passwords,
        users,
        ends.revoked,
        ends.announced_to_all,
        grace=settings.jwt_refresh_grace,
        limits=sign_ins,
    )
    return Services(
        users=users,
        sessions=sessions,
        erasure=erasure,
        accounts=Accounts(
            database,
            users,
            passwords,
            erasure,
            exports,
            ends.revoked,
            ends.announced_to_all,
            ends.account_changed,
            least=settings.password_min_length,
        ),
        acts=Acts(database),
        avatars=Avatars(database, writer, files, users, conversations, news, arriving),
        oversight=Oversight(
            database,
            writer,
            files,
            ConversationExport(database, files),
        ),
        statistics=Statistics(database),
        deployment=Deployment(database, beneath.index, dispatcher.announce_history),
        blocks=Blocks(database),
        reports=Reports(database),
        exports=exports,
        conversations=conversations,
        direct_conversations=DirectConversations(database, writer, conversations),
        positions=Positions(database),
        changes=beneath.changes,
        messages=messages,
        notes=notes,
        guests=Guests(
            database,
            writer,
            sessions,
            beneath.online,
            is_open=settings.guests and tokens.can_issue,
            secret=settings.widget_secret if tokens.can_issue else "",
            per_address=rates.seldom(
                settings.rate_guests / 3600, settings.rate_guests, "guests from this address"
            ),
        ),
        guest_limits=rates.guests(),
        canned_responses=CannedResponses(database, most=settings.message_max_length),
        desk=DeskKeeping(database, beneath.online),
        desk_figures=FiguresOfDesk(database),
        attachments=Attachments(
            database,
            writer,
            files,
            messages,
            most=settings.attachment_max_size,
            quotas=quotas,
            arriving=arriving,
        ),
        resumable_uploads=uploads,
        support_tickets=SupportTickets(database, writer),
        pins=Pins(database, writer),
        roles=Roles(database, writer),
        invites=Invites(database, writer, conversations),
        password_change=PasswordChange(
            database,
            passwords,
            sign_ins.per_name,
            ends.revoked,
            ends.announced_to_all,
            least=settings.password_min_length,
        ),
        reactions=Reactions(database, writer),
        read_marks=ReadMarks(database, writer),
        own_settings=OwnSettings(database, writer),
        webhooks=Webhooks(database, beneath.outgoing),
        presences=Presences(database, beneath.online),
        search=Search(database, beneath.index, notes),
        devices=Devices(
            database,
            beneath.vapid if settings.push else None,
            gateways=settings.push_gateways,
        ),
        requests=rates.often(settings.rate_requests, "requests"),
        strangers=rates.often(settings.rate_requests, "requests without a valid token"),
        frames=rates.often(settings.rate_messages, "messages"),
    )
