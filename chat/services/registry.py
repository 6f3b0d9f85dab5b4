"""All services of a process, which HTTP and sockets reach as `app.ctx.services`."""

from dataclasses import dataclass

from chat.services.accounts import Accounts
from chat.services.acts import Acts
from chat.services.attachments import Attachments
from chat.services.avatars import Avatars
from chat.services.blocks import Blocks
from chat.services.canned_responses import CannedResponses
from chat.services.changes import Changes
from chat.services.conversations import Conversations
from chat.services.deployment import Deployment
from chat.services.desk import DeskKeeping
from chat.services.desk_figures import FiguresOfDesk
from chat.services.devices import Devices
from chat.services.direct_conversations import DirectConversations
from chat.services.erasure import Erasure
from chat.services.export import Exports
from chat.services.guest_limits import GuestLimits
from chat.services.guests import Guests
from chat.services.invites import Invites
from chat.services.limits import Limit
from chat.services.messages import Messages
from chat.services.notes import Notes
from chat.services.oversight import Oversight
from chat.services.own_settings import OwnSettings
from chat.services.password_change import PasswordChange
from chat.services.pins import Pins
from chat.services.positions import Positions
from chat.services.presence import Presences
from chat.services.reactions import Reactions
from chat.services.read_marks import ReadMarks
from chat.services.reports import Reports
from chat.services.resumable_uploads import ResumableUploads
from chat.services.roles import Roles
from chat.services.search import Search
from chat.services.sessions import Sessions
from chat.services.statistics import Statistics
from chat.services.support_tickets import SupportTickets
from chat.services.users import Users
from chat.services.webhooks import Webhooks


@dataclass(frozen=True)
class Services:
    users: Users
    sessions: Sessions
    erasure: Erasure
    exports: Exports
    accounts: Accounts
    acts: Acts
    avatars: Avatars
    oversight: Oversight
    statistics: Statistics
    deployment: Deployment
    blocks: Blocks
    reports: Reports
    conversations: Conversations
    direct_conversations: DirectConversations
    positions: Positions
    changes: Changes
    messages: Messages
    notes: Notes
    guests: Guests
    guest_limits: GuestLimits
    canned_responses: CannedResponses
    desk: DeskKeeping
    desk_figures: FiguresOfDesk
    attachments: Attachments
    resumable_uploads: ResumableUploads
    support_tickets: SupportTickets
    pins: Pins
    roles: Roles
    invites: Invites
    password_change: PasswordChange
    reactions: Reactions
    read_marks: ReadMarks
    own_settings: OwnSettings
    webhooks: Webhooks
    presences: Presences
    search: Search
    devices: Devices
    requests: Limit
    strangers: Limit
    """Of requests that no valid token came with, per address."""
    frames: Limit
