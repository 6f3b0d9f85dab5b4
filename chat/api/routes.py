"""Adds everything that answers over HTTP to an application."""

from typing import Any

from sanic import Sanic

from chat.api import (
    attachments,
    avatars,
    blocks,
    canned_responses,
    conversations,
    desk,
    devices,
    guests,
    health,
    ids,
    invites,
    messages,
    own_settings,
    pins,
    problems,
    reactions,
    replies,
    reports,
    resumable_uploads,
    search,
    settings,
    support_tickets,
    tokens,
    users,
    webhooks,
)
from chat.api.staff import accounts, acts, deployment
from chat.api.staff import conversations as staff_conversations

NOUNS = (
    users,
    avatars,
    blocks,
    tokens,
    conversations,
    invites,
    messages,
    attachments,
    resumable_uploads,
    reports,
    pins,
    reactions,
    replies,
    own_settings,
    support_tickets,
    canned_responses,
    guests,
    desk,
    search,
    devices,
    webhooks,
    accounts,
    acts,
    staff_conversations,
    deployment,
    settings,
    health,
)


def install(app: Sanic[Any, Any]) -> None:
    ids.install(app)
    problems.install(app)
    for noun in NOUNS:
        app.blueprint(noun.blueprint)
