"""What the protocol promises about one conversation, as a model without a server. No I/O."""

from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]


@dataclass
class Message:
    id: int
    sender: str
    content: str
    created_seq: int
    seq: int
    is_edited: bool = False
    is_deleted: bool = False


@dataclass
class Conversation:
    """`keys` are the client_ids that were used: by whom, and for which message and text."""

    seq: int = 0
    messages: dict[int, Message] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[Message, str]] = field(default_factory=dict)

    def send(self, sender: str, key: str, content: str, id_: int) -> Frame:
        """The frame by which everybody is told."""
        assert id_ > max(self.messages, default=0), f"id {id_} is not the highest"
        self.seq += 1
        message = Message(id_, sender, content, self.seq, self.seq)
        self.messages[id_] = message
        self.keys[sender, key] = (message, content)
        return frame_after(message, self.seq - 1)

    def edit(self, message: Message, content: str) -> Frame:
        message.content, message.is_edited = content, True
        return self._changed(message)

    def delete(self, message: Message) -> Frame:
        message.content, message.is_deleted = "", True
        return self._changed(message)

    def _changed(self, message: Message) -> Frame:
        self.seq += 1
        message.seq = self.seq
        return frame_after(message, self.seq - 1)

    def since(self, seq: int) -> list[Frame]:
        """What who has seen everything up to `seq` is told when resuming."""
        changed = [message for message in self.messages.values() if message.seq > seq]
        changed.sort(key=lambda message: message.seq)
        end = {"type": "resumed", "seq": max(self.seq, seq)}
        return [*(frame_after(message, seq) for message in changed), end]


def frame_after(message: Message, seq: int) -> Frame:
    """How a message's last change is told to who knows everything up to `seq`."""
    if message.created_seq > seq:
        flags = {name: True for name in ("is_edited", "is_deleted") if getattr(message, name)}
        return {
            "type": "chat.message",
            "id": message.id,
            "sender": message.sender,
            "content": message.content,
            "seq": message.seq,
            **flags,
        }
    if message.is_deleted:
        return {"type": "message.deleted", "message_id": message.id, "seq": message.seq}
    edited = {"id": message.id, "content": message.content}
    return {"type": "message.edited", "message": edited, "seq": message.seq}
