"""One example of everything: Ali and Sara, who talk, and a file that one sends the other."""

from typing import Any, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

from chat import records
from chat.api import schemas
from chat.changes import catalogue
from chat.changes.examples import ALI, AT, FILE, SARA, TICKET
from chat.events import MessageRead, UserTyping, UserUpdated
from chat.realtime import client_frames, server_frames
from chat.services.sessions import Pair

EPOCH = "b7c2a91e"
UPLOAD = records.Upload(
    id="9f86d081884c7d659a2feaa0c55ad015",
    name="map.png",
    size=48_213,
    offset=16_384,
    created_at=AT,
    expires_at="2023-10-28T10:00:00Z",
)
CURSOR = f"{EPOCH}.6f1c2b9e.4711"
REACTIONS = records.Reactions("👍", 2, True)
MESSAGE = records.Message(
    id=123,
    sender=ALI,
    content="سلام",
    timestamp=AT,
    is_read=False,
    is_edited=False,
    is_deleted=False,
    seq=345,
    attachments=[],
    mentions=[],
    reactions=[REACTIONS],
    reply_to=None,
    reply_count=0,
    metadata=Raw(b'{"mood":"good"}'),
    client_id="6f1c2b9e",
)
RULES = records.DeskRules(
    timezone="Asia/Tehran",
    hours={"saturday": ["09:00-13:00", "14:00-18:00"]},
    days_off=["2026-03-21"],
    first_answer_inside={"fa": "به‌زودی پاسخ می‌دهیم.", "en": "We answer soon."},
    reopen_days=7,
)
SPREAD = records.Spread(2, 75.0, 60.0, 90.0)
RATINGS = records.Ratings(1, 5.0)
HOUR = records.HourFigures(AT, "2023-10-27T13:30+03:30", 2, 1, 4, 1)
AGENT = records.AgentFigures(SARA, 2, 2, 5, 1, SPREAD, SPREAD, RATINGS)
FIGURES = records.DeskFigures(
    since=AT,
    until="2023-10-27T11:00:00Z",
    timezone="Asia/Tehran",
    opened=2,
    closed=1,
    reopened=0,
    open=4,
    waiting=1,
    unassigned=1,
    first_response=SPREAD,
    resolution=SPREAD,
    rating=RATINGS,
    hours=[HOUR],
    agents=[AGENT],
)
INVITE = records.Invite(4, "mYt0QxVb3kHq9sJw2LcDfA", ALI, AT, "2023-10-28T10:00:00Z", 25, 3)
DESTINATION = records.Destination(12, "The way home", 2)
CONVERSATION = records.Conversation(
    id=12,
    title="The way home",
    direct=False,
    participants=[records.Profile(ALI.id, ALI.username), records.Profile(SARA.id, SARA.username)],
    participant_count=2,
    created_at=AT,
    last_message=records.LastMessage(123, ALI, "سلام", AT, False),
    support_ticket=None,
    unread_count=0,
    unread_mentions=0,
    last_read_id=122,
    seq=345,
    epoch=EPOCH,
    muted_until=None,
    archived=False,
    pinned=True,
    metadata=records.NOTHING,
    role="owner",
    members_may=list(records.RIGHTS),
    avatar_url=None,
)
# From the example of RFC 8291.
ENDPOINT = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"  # noqa: S105 # of the same example
WEBHOOK = records.Webhook(
    id=1,
    url="https://example.org/hooks/chat",
    events=["chat.message"],
    batches=True,
    status="failing",
    paused_because=None,
    paused_at=None,
    failing_since=AT,
    last_error="answered 500",
    last_error_at=AT,
    delivered_at=None,
    behind_conversations=1,
    behind_seconds=4.2,
    created_at=AT,
)
ACCOUNT = records.Account(2, "ali", "علی", False, AT, AT, None, None)
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.c2lnbmF0dXJl"  # noqa: S105 # nobody's

ALL: tuple[Struct, ...] = (
    records.Participant(2, "ali", 123, "owner", records.Presence("offline", AT)),
    records.Presence("offline", AT),
    ALI,
    FILE,
    MESSAGE,
    REACTIONS,
    records.Parent(122, SARA, "کجایی؟", False),
    TICKET,
    CONVERSATION,
    Pair(TOKEN, TOKEN),
    schemas.NewUser("ali", "correct-horse"),
    records.ServerSettings(
        message_max_length=10_000,
        attachment_max_size=26_214_400,
        avatar_max_size=10_485_760,
        image_max_pixels=50_000_000,
        upload_quota=1_073_741_824,
        upload_ttl=86_400,
        uploads_per_user=100,
        attachment_storage="disk",
        body_max_size=1_048_576,
        frame_max_size=124_096,
        title_max_length=200,
        display_name_max_length=100,
        metadata_max_size=4096,
        subject_max_length=200,
        username_max_length=150,
        password_min_length=8,
        password_max_length=1024,
        key_max_length=64,
        participants_per_request=500,
        attachments_per_message=100,
        message_quota=10_737_418_240,
        user_files=100_000,
        user_quota=21_474_836_480,
        conversation_files=100_000,
        conversation_quota=107_374_182_400,
        reactions_per_message=50,
        reactions_per_user=20,
        page_max_length=200,
        devices_per_user=20,
        vapid_public_key=POINT,
        sign_up=True,
        sign_up_by_invite=False,
        sign_in=True,
    ),
    WEBHOOK,
    records.WebhookTest(204, None, 0.042),
    records.Replay(3),
    schemas.NewWebhook("https://example.org/hooks/chat", ["chat.message"]),
    schemas.WebhookChanges(is_paused=True),
    schemas.NewReplay(AT),
    records.Found(12, MESSAGE, [(0, 4)]),
    schemas.Credentials("ali", "correct-horse"),
    schemas.RefreshToken(TOKEN),
    schemas.NewConversation([3], "The way home"),
    schemas.ConversationChanges("The way home"),
    schemas.UserChanges("علی"),
    schemas.OwnChanges(archived=True),
    schemas.NewParticipant(4),
    schemas.RoleChange("admin"),
    schemas.NewInvite(max_uses=25),
    INVITE,
    DESTINATION,
    records.Invitation(DESTINATION, ALI, INVITE.expires_at, False),
    records.Member(3, "سارا", "admin"),
    schemas.ReadUpTo(123),
    schemas.NewMessage("سلام", "6f1c2b9e"),
    schemas.NewContent("سلام!"),
    schemas.NewTicket("The map does not load"),
    schemas.TicketChanges(status="pending"),
    schemas.NewAssignee(9),
    schemas.NewRating(5, "Thank you!"),
    records.Rating(5, "Thank you!"),
    records.TicketStep("assigned", SARA, SARA, AT, seq=352),
    schemas.NewCannedResponse("Greeting", "Hello {{customer}}!"),
    schemas.CannedResponseChanges("Greeting"),
    schemas.AgentSwitch(takes_tickets=True),
    schemas.DeskRuleChanges(reminder_minutes=15, reopen_days=7),
    schemas.NewGuest("Ali", "ali@example.org"),
    schemas.Identification("shop-42", "0" * 64, "Ali"),
    records.SignedIn(2, "guest-5f2c9e81a3b0", TOKEN, TOKEN),
    records.Guest(2, "guest-5f2c9e81a3b0", "ali@example.org", False, None, AT, "", "Ali"),
    records.Desk(True, [records.Profile(9, "sara", "سارا")], True, None, True),
    RULES,
    SPREAD,
    RATINGS,
    HOUR,
    AGENT,
    records.DeskAgent(3, "sara", None, True, True, 2),
    FIGURES,
    records.CannedResponse(4, "Greeting", "Hello {{customer}}!", SARA, AT, AT),
    schemas.UploadToAttach(UPLOAD.id),
    UPLOAD,
    schemas.NewDevice("webpush", endpoint=ENDPOINT, keys=schemas.PushKeys(POINT, SECRET)),
    schemas.PushKeys(POINT, SECRET),
    records.Device(3, "webpush", AT, endpoint=ENDPOINT),
    records.profile_of(2, "ali", "علی", "3f9c2a71d04b5e68"),
    UserUpdated(records.profile_of(2, "ali", "علی", "3f9c2a71d04b5e68")),
    records.Me(2, "ali", False, "علی", records.NOTHING),
    schemas.Erasing("correct-horse"),
    schemas.NewPassword("correct-horse", "battery-staple"),
    schemas.NewReport("He writes this to everybody."),
    records.ReportedMessage(123, ALI, "Buy now!"),
    records.Report(
        3,
        12,
        records.ReportedMessage(123, ALI, "Buy now!"),
        "He writes this to everybody.",
        SARA,
        AT,
    ),
    ACCOUNT,
    records.AccountFigures(12, 2, 1, 0),
    records.WholeAccount(ACCOUNT, records.AccountFigures(12, 2, 1, 0)),
    records.Act(7, "user.suspended", AT, SARA, ALI, None, None, "He writes this to everybody."),
    schemas.NewAccount("ali", "correct-horse"),
    schemas.AccountChanges(True),
    schemas.SetPassword("battery-staple"),
    schemas.Retaining(365),
    records.Retained(1000, False),
    records.Restored("b7c2a91e"),
    records.Version("0.1.0", "m0078_example", "3.11.7"),
    records.WholeConversation(12, "The way home", AT, ALI, 345, 3, 320, 12, 4_800_000, 0),
    records.Statistics(
        version="0.1.0",
        users=120,
        staff=4,
        suspended=1,
        erased=2,
        active_users=80,
        conversations=45,
        messages=9_300,
        files=310,
        bytes=480_000_000,
        open_tickets=3,
        sign_ins=96,
        devices=40,
        webhooks=1,
        reports=2,
        database_bytes=12_000_000,
    ),
    schemas.Suspending("He writes this to everybody."),
    records.Health("ready"),
    client_frames.ChatMessage("سلام", client_id="6f1c2b9e"),
    client_frames.EditMessage(123, "سلام!"),
    client_frames.DeleteMessage(123),
    client_frames.Typing(True),
    client_frames.MarkRead(123),
    client_frames.AddReaction(123, "👍"),
    client_frames.RemoveReaction(123, "👍"),
    client_frames.Resume(345, epoch=EPOCH),
    client_frames.Auth(TOKEN, ref="a1"),
    *catalogue.EXAMPLES,
    UserTyping("ali", True),
    MessageRead("سارا", 123),
    server_frames.Ack(client_id="6f1c2b9e", id=123, seq=345, timestamp=AT),
    server_frames.Resumed(352, epoch=EPOCH),
    server_frames.Reset(17, "4d0e93f6"),
    server_frames.AuthExpiring(60),
    server_frames.Hello(ALI, EPOCH, CURSOR, 3),
    server_frames.CursorMoved(CURSOR),
    server_frames.Positions({"12": 345, "13": 7}, EPOCH, CURSOR),
    server_frames.ConversationCreated(CONVERSATION),
    server_frames.ConversationRemoved(12),
    server_frames.PresenceChanged("ali", 2, "offline", AT),
    server_frames.TicketCreated(12, TICKET),
    server_frames.Error(
        "invalid",
        "message: May not be blank.",
        errors={"message": ["May not be blank."]},
        ref="a2",
    ),
)
OF_TYPE = {type(example): example for example in ALL}


def example_of(shape: Any) -> Any:
    """The example of a shape as it is on the wire, without optional nulls. Raises KeyError."""
    if get_origin(shape) is list:
        return [example_of(get_args(shape)[0])]
    # By its JSON: there is no other way to what is kept as JSON.
    example: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(OF_TYPE[shape]))
    required = {field.encode_name for field in fields(shape) if field.required}
    return {name: value for name, value in example.items() if value is not None or name in required}
