"""Makes the database that DJANGO_DATABASE describes, and fills it.

With a number as its argument it adds so many messages, in bulk, and nothing else. With `odd` it
adds what old sites have, and is one with USE_TZ=False.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import django
from django.conf import settings
from PIL import Image

settings.configure(
    SECRET_KEY="s" * 50,
    USE_TZ="odd" not in sys.argv,
    TIME_ZONE="Asia/Tehran",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "chat"],
    DATABASES={"default": json.loads(os.environ["DJANGO_DATABASE"])},
    MEDIA_ROOT=os.environ["DJANGO_MEDIA"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=[
        "chat.hashers.Quick",
        "chat.hashers.QuickSHA1",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.ScryptPasswordHasher",
    ],
)
django.setup()

from chat.models import Attachment, Conversation, Message, SupportTicket  # noqa: E402 # after setup
from django.contrib.auth.hashers import get_hasher, make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

PASSWORD = "گذرواژهٔ قدیمی"
LATER = timedelta(hours=1)
BEGAN = datetime(2023, 10, 27, 10, 0, 0, 123456, tzinfo=UTC)


def people() -> dict[str, User]:
    """By what is special about each."""
    made = {}
    for name, hasher in (("ali", "pbkdf2_sha256"), ("sara", "argon2"), ("reza", "scrypt")):
        made[name] = User(username=name, password=make_password(PASSWORD, hasher=hasher))
    made["old"] = User(username="old", password=make_password(PASSWORD, hasher="pbkdf2_sha1"))
    made["agent"] = User(username="agent", is_staff=True, password=make_password(None))
    made["Ali"] = User(username="Ali", password=make_password(PASSWORD))
    made["gone"] = User(username="gone", is_active=False, password=make_password(PASSWORD))
    made["bcrypt"] = User(username="bcrypt", password="bcrypt_sha256$$2b$12$" + "a" * 53)
    made["slow"] = User(username="slow", password="pbkdf2_sha256$999999999$salt$" + "A" * 43 + "=")
    made["spaced"] = User(username="ali reza (shop)", password=make_password(None))
    made["arabic"] = User(username="علي", password=make_password(PASSWORD))
    made["persian"] = User(username="علی", password=make_password(PASSWORD))
    made["ali"].first_name, made["ali"].last_name = "علی", "\u202bرضایی\n"
    for number, user in enumerate(made.values()):
        user.date_joined = BEGAN + timedelta(days=number)
        user.save()
    return made


def fill() -> None:
    who = people()
    talk = Conversation.objects.create(created_at=BEGAN)
    talk.participants.set([who["ali"], who["sara"]])
    texts = ["سلام @SARA", "read", "edited", "deleted", "nul", "unread", "with a file"]
    for number, text in enumerate(texts):
        sender = who["ali"] if number % 2 == 0 else who["sara"]
        message = Message.objects.create(
            conversation=talk,
            sender=sender,
            content=text,
            timestamp=BEGAN + timedelta(minutes=number),
            is_read=number < 5,
            is_edited=text == "edited",
            is_deleted=text == "deleted",
        )
        if text in ("with a file", "deleted"):
            Attachment.objects.create(
                message=message, file=ContentFile(text.encode(), name="سند.txt")
            )
    picture = BytesIO()
    Image.effect_noise((700, 600), 80).save(picture, "png")
    shown = Message.objects.create(
        conversation=talk, sender=who["sara"], content="a picture", timestamp=BEGAN + LATER
    )
    Attachment.objects.create(message=shown, file=ContentFile(picture.getvalue(), name="photo.png"))
    missing = Attachment.objects.create(
        message=message, file=ContentFile(b"soon gone", name="missing.png")
    )
    Path(missing.file.path).unlink()
    Attachment.objects.create(message=message, file="../secret.txt")
    desk = Conversation.objects.create(created_at=BEGAN)
    desk.participants.set([who["ali"]])
    SupportTicket.objects.create(
        conversation=desk,
        subject="\u202e\n" + "ث" * 250,
        status="in_progress",
        priority="critical",
        created_by=who["ali"],
        assigned_to=who["agent"],
        created_at=BEGAN,
    )
    Message.objects.create(conversation=desk, sender=who["agent"], content="به گوشم", is_read=True)
    Message.objects.create(conversation=desk, sender=who["old"], content="left", is_read=True)
    Message.objects.create(conversation=desk, sender=None, content="of nobody", is_read=True)
    Conversation.objects.create(created_at=BEGAN)  # of nobody at all
    over = Conversation.objects.create(created_at=BEGAN)
    over.participants.set([who["ali"]])
    Message.objects.create(conversation=over, sender=who["agent"], content="done", is_read=True)
    SupportTicket.objects.create(
        conversation=over,
        subject="كتاب",
        status="resolved",
        created_by=who["ali"],
        created_at=BEGAN,
    )


def add(count: int) -> None:
    users = [User(username=f"user{number}", password="!") for number in range(20)]
    User.objects.bulk_create(users)
    talks = [Conversation(created_at=BEGAN) for _ in range(10)]
    Conversation.objects.bulk_create(talks)
    for number, talk in enumerate(talks):
        talk.participants.set(users[number : number + 10])
    Message.objects.bulk_create(
        (
            Message(
                conversation=talks[number % 10],
                sender=users[number % 10],
                content=f"message {number} " + "و متن " * 5,
                timestamp=BEGAN + timedelta(seconds=number),
                is_read=number < count // 2,
                is_edited=number % 7 == 0,
                is_deleted=number % 11 == 0,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )


ODD_PASSWORDS = {
    "young": "pbkdf2_sha256$1200$salt$",
    "empty": "",
    "taken": "!",
    "plain": "hunter2-is-my-password",
    "dollar": "pa$$word-of-mine",
    "hex": "5f4dcc3b5aa765d61d8327deb882cf99",
    "sha": "sha1$salt$0123456789abcdef0123456789abcdef01234567",
    "broken": "pbkdf2_sha256$many$salt$hash",
    "short": "pbkdf2_sha256$1200",
}


def add_odd() -> None:
    """Times without a zone, and none; ids far apart; hashes of all ages; a row of nobody."""
    who = {}
    for name, stored in ODD_PASSWORDS.items():
        who[name] = User.objects.create(username=name, password=stored)
    hasher = get_hasher("pbkdf2_sha256")
    User.objects.filter(username="young").update(
        password=hasher.encode(PASSWORD, "salt", iterations=1200)
    )
    far = Conversation.objects.create(id=10**12, created_at=datetime(2023, 3, 1, 10))
    near = Conversation.objects.create(id=7, created_at=datetime(2023, 3, 1, 10))
    for talk in (far, near):
        talk.participants.set([who["young"], who["plain"]])
    # Iran's clocks went forward at midnight, so the second of these times never was.
    moments = [datetime(2022, 3, 21, 12), datetime(2022, 3, 22, 0, 30), None, None]
    for number, moment in enumerate(moments):
        Message.objects.create(
            id=10**13 + number * 10**9, conversation=far, sender=who["young"], timestamp=moment
        )
    Message.objects.create(id=5, conversation=near, sender=who["plain"], timestamp=None)
    endless = "'infinity'" if connection.vendor == "postgresql" else "'0000-00-00 00:00:00'"
    with connection.cursor() as cursor:
        last = 10**13 + 3 * 10**9
        cursor.execute(f"UPDATE chat_message SET timestamp = {endless} WHERE id = {last}")  # noqa: S608
        cursor.execute(f"UPDATE auth_user SET date_joined = {endless} WHERE username = 'hex'")  # noqa: S608
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("UPDATE chat_message SET sender_id = 4000 WHERE id = 5")


call_command("makemigrations", "chat", verbosity=0)
call_command("migrate", verbosity=0)
if "odd" in sys.argv:
    add_odd()
elif len(sys.argv) > 1:
    add(int(sys.argv[1]))
else:
    fill()
