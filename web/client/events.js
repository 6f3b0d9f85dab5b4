// The frames that change a conversation, and the events as which a `Conversation` emits them.

export const EVENTS = {
  "chat.message": "message",
  "message.edited": "edited",
  "message.deleted": "deleted",
  "message.read": "read",
  "user.typing": "typing",
  "user.updated": "person",
  "attachment.added": "attachment",
  "participant.joined": "joined",
  "participant.left": "left",
  "conversation.updated": "updated",
  "ticket.updated": "ticket",
  "message.pinned": "pinned",
  "message.unpinned": "unpinned",
  "reaction.added": "reacted",
  "reaction.removed": "unreacted",
};
