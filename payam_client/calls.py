"""All calls over REST."""

from payam_client.avatar_calls import AvatarCalls
from payam_client.conversation_calls import ConversationCalls
from payam_client.desk_calls import DeskCalls
from payam_client.group_calls import GroupCalls
from payam_client.message_calls import MessageCalls
from payam_client.ticket_calls import TicketCalls
from payam_client.upload_calls import UploadCalls


class Calls(
    AvatarCalls,
    ConversationCalls,
    DeskCalls,
    GroupCalls,
    MessageCalls,
    TicketCalls,
    UploadCalls,
):
    pass
