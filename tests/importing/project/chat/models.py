"""The models of the original chat module."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Conversation(models.Model):
    participants = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="conversations")
    created_at = models.DateTimeField(default=timezone.now)


class Message(models.Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    content = models.TextField(blank=True)
    timestamp = models.DateTimeField(default=timezone.now, null=True)
    is_read = models.BooleanField(default=False)
    is_edited = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)


class Attachment(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m/")
    uploaded_at = models.DateTimeField(default=timezone.now)


class SupportTicket(models.Model):
    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="support_ticket")
    subject = models.CharField(max_length=255)
    status = models.CharField(max_length=20, default="open")
    priority = models.CharField(max_length=20, default="normal")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="tickets", null=True
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="assigned", null=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
