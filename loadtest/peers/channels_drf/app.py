"""Payam's job on Django: Channels for the sockets, DRF for HTTP, PostgreSQL, Redis pub/sub.

It is written as their manuals teach it, with what they advise for speed: pooled database
connections, uvloop, prefetched related rows, and a broadcast frame that is encoded once. The tables
are those of `loadtest.peers.tables`. The environment has DATABASE_HOST, _PORT, _USER, _PASSWORD and
_NAME, REDIS_URL and JWT_SECRET.

    uvicorn app:application
"""

import json
import os
from urllib.parse import parse_qs

import django
import jwt
from django.conf import settings

settings.configure(
    SECRET_KEY=os.environ["JWT_SECRET"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    TIME_ZONE="UTC",
    INSTALLED_APPS=["rest_framework", "channels"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **{
                name: os.environ[f"DATABASE_{name}"]
                for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")
            },
            "OPTIONS": {"pool": {"min_size": 4, "max_size": 10}},
        }
    },
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # With the default of 100 messages would be dropped when many come at once.
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "capacity": 100_000},
        }
    },
    REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    },
)
django.setup()

from asgiref.sync import async_to_sync  # noqa: E402 # Django must be set up before its parts load
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.db.models import F, OuterRef, Subquery  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed, NotFound  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Table(models.Model):
    class Meta:
        abstract = True
        app_label = "channels"
        managed = False


class User(Table):
    username = models.TextField()
    is_authenticated = True

    class Meta(Table.Meta):
        db_table = "users"


class Conversation(Table):
    created_at = models.DateTimeField(auto_now_add=True)
    participants = models.ManyToManyField(User, through="Participant")

    class Meta(Table.Meta):
        db_table = "conversations"


class Participant(Table):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta(Table.Meta):
        db_table = "participants"


class Message(Table):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    sender = models.ForeignKey(User, models.CASCADE)
    content = models.TextField()
    timestamp = models.DateTimeField(auto_now_add=True)
    is_read = models.BooleanField(default=False)
    is_edited = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)

    class Meta(Table.Meta):
        db_table = "messages"


def user_id(authorization):
    """The user of an Authorization header. Raises jwt.InvalidTokenError."""
    token = authorization.removeprefix("Bearer ")
    claims = jwt.decode(
        token, os.environ["JWT_SECRET"], algorithms=["HS256"], options={"require": ["sub", "exp"]}
    )
    return int(claims["sub"])


def group(conversation_id):
    return f"chat_{conversation_id}"


def event(message):
    """What the channel layer carries for a message: its frame, encoded once for everyone."""
    frame = {
        "type": "chat.message",
        "id": message.id,
        "seq": message.id,
        "sender": message.sender.username,
        "content": message.content,
        "timestamp": message.timestamp.isoformat(),
    }
    return {"type": "chat.message", "frame": json.dumps(frame, separators=(",", ":"))}


class ChatConsumer(AsyncWebsocketConsumer):
    """`/ws/chat/<conversation>/`, with `?since=<message id>`."""

    async def connect(self):
        self.conversation_id = self.scope["url_route"]["kwargs"]["conversation"]
        headers = dict(self.scope["headers"])
        try:
            caller = user_id(headers.get(b"authorization", b"").decode())
            self.user = await User.objects.aget(id=caller)
        except (jwt.InvalidTokenError, User.DoesNotExist):
            await self.close()  # before accept: the handshake is refused
            return
        taking_part = Participant.objects.filter(
            conversation_id=self.conversation_id, user_id=self.user.id
        )
        if not await taking_part.aexists():
            await self.close()
            return
        await self.channel_layer.group_add(group(self.conversation_id), self.channel_name)
        await self.accept()
        since = parse_qs(self.scope["query_string"]).get(b"since")
        if since:
            await self.catch_up(int(since[0]))

    async def catch_up(self, since):
        missed = Message.objects.filter(conversation_id=self.conversation_id, id__gt=since)
        last = since
        async for message in missed.select_related("sender").order_by("id"):
            await self.send(text_data=event(message)["frame"])
            last = message.id
        await self.send(text_data=json.dumps({"type": "resumed", "seq": last}))

    async def disconnect(self, code):
        await self.channel_layer.group_discard(group(self.conversation_id), self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        frame = json.loads(text_data)
        if frame["type"] != "chat_message":
            return
        message = await Message.objects.acreate(
            conversation_id=self.conversation_id, sender=self.user, content=frame["message"]
        )
        ack = {
            "type": "ack",
            "client_id": frame.get("client_id"),
            "ref": frame.get("ref"),
            "id": message.id,
            "seq": message.id,
        }
        await self.send(text_data=json.dumps(ack, separators=(",", ":")))
        await self.channel_layer.group_send(group(self.conversation_id), event(message))

    async def chat_message(self, event):
        await self.send(text_data=event["frame"])


class JWTAuthentication(BaseAuthentication):
    def authenticate(self, request):
        try:
            return User.objects.get(id=user_id(request.headers.get("Authorization", ""))), None
        except (jwt.InvalidTokenError, User.DoesNotExist):
            raise AuthenticationFailed from None

    def authenticate_header(self, request):
        return "Bearer"


class IsParticipant(BasePermission):
    def has_permission(self, request, view):
        conversation = view.kwargs.get("conversation")
        if conversation and not Participant.objects.filter(
            conversation_id=conversation, user=request.user
        ):
            raise NotFound
        return True


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username")


class MessageSerializer(serializers.ModelSerializer):
    sender = UserSerializer(read_only=True)

    class Meta:
        model = Message
        fields = ("id", "sender", "content", "timestamp", "is_read", "is_edited", "is_deleted")
        read_only_fields = ("is_read", "is_edited", "is_deleted")


class ConversationSerializer(serializers.ModelSerializer):
    participants = UserSerializer(many=True)
    last_message = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = ("id", "participants", "created_at", "last_message")

    def get_last_message(self, conversation):
        message = self.context["last_messages"].get(conversation.last_message_id)
        return MessageSerializer(message).data if message else None


class ConversationsView(APIView):
    """The caller's conversations, most recently active first: four queries, however many."""

    authentication_classes = (JWTAuthentication,)

    def get(self, request):
        newest = Message.objects.filter(conversation_id=OuterRef("id")).order_by("-id")
        mine = Participant.objects.filter(user=request.user).values("conversation_id")
        conversations = list(
            Conversation.objects.filter(id__in=mine)
            .annotate(last_message_id=Subquery(newest.values("id")[:1]))
            .order_by(F("last_message_id").desc(nulls_last=True))
            .prefetch_related("participants")
        )
        last = [found.last_message_id for found in conversations if found.last_message_id]
        context = {"last_messages": Message.objects.select_related("sender").in_bulk(last)}
        return Response(ConversationSerializer(conversations, many=True, context=context).data)


class MessagesView(APIView):
    """`GET ?limit=50`: the latest page, oldest first; `POST {"content"}`."""

    authentication_classes = (JWTAuthentication,)
    permission_classes = (IsParticipant,)

    def get(self, request, conversation):
        limit = int(request.query_params.get("limit", 50))
        page = Message.objects.filter(conversation_id=conversation).select_related("sender")
        latest = reversed(page.order_by("-id")[:limit])
        return Response(MessageSerializer(latest, many=True).data)

    def post(self, request, conversation):
        serializer = MessageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        message = serializer.save(conversation_id=conversation, sender=request.user)
        async_to_sync(get_channel_layer().group_send)(group(conversation), event(message))
        return Response(serializer.data, status=201)


urlpatterns = [
    path("api/conversations/", ConversationsView.as_view()),
    path("api/conversations/<int:conversation>/messages/", MessagesView.as_view()),
]

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/chat/<int:conversation>/", ChatConsumer.as_asgi())]),
    }
)
