"""The people and things in the examples of changes: Ali, Sara, and a file that one sent."""

from chat import records

AT = "2023-10-27T10:00:00Z"
ALI = records.User(2, "ali")
SARA = records.User(3, "سارا")
FILE = records.Attachment(
    id=7,
    message_id=123,
    name="map.png",
    size=48_213,
    content_type="image/png",
    url=records.attachment_url(12, 123, 7),
    created_at=AT,
    width=1280,
    height=720,
    thumbnail_url=records.thumbnail_url(records.attachment_url(12, 123, 7)),
)
TICKET = records.SupportTicket(
    id=5,
    conversation=12,
    subject="The map does not load",
    status="open",
    priority="normal",
    created_by=records.Profile(ALI.id, ALI.username),
    assigned_to=None,
    created_at=AT,
    updated_at=AT,
    waiting_since=AT,
)
