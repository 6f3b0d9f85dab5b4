"""What the protocol promises about one conversation, as a model without a server. No I/O."""

from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]


@dataclass
class Message:
    id: int
    sender: str
    sender_id: int
    client_id: str
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

    def send(self, sender: str, sender_id: int, key: str, content: str, id_: int) -> Frame:
        """The frame that the sender receives; see `for_others`."""
        assert id_ > max(self.messages, default=0), f"id {id_} is not the highest"
        self.seq += 1
        message = Message(id_, sender, sender_id, key, content, self.seq, self.seq)
        self.messages[id_] = message
        self.keys[sender, key] = (message, content)
        return sent(message)

    def edit(self, message: Message, content: str) -> Frame:
        message.content, message.is_edited = content, True
        return self._changed(message)

    def delete(self, message: Message) -> Frame:
        message.content, message.is_deleted = "", True
        return self._changed(message)

    def _changed(self, message: Message) -> Frame:
        self.seq += 1
        message.seq = self.seq
        return changed(message)

    def since(self, seq: int) -> list[Frame]:
        """What a client with everything up to `seq` receives when it resumes.

        A message comes where it was sent and where it was last changed.
        """
        frames = [sent(message) for message in self.messages.values()]
        frames += [changed(each) for each in self.messages.values() if each.seq > each.created_seq]
        missed = sorted(
            (frame for frame in frames if frame["seq"] > seq), key=lambda frame: frame["seq"]
        )
        return [*missed, {"type": "resumed", "seq": self.seq}]


def sent(message: Message) -> Frame:
    """The frame by which others receive it, with what it is by now."""
    flags = {name: True for name in ("is_edited", "is_deleted") if getattr(message, name)}
    return {
        "type": "chat.message",
        "id": message.id,
        "sender": message.sender,
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "content": message.content,
        "seq": message.created_seq,
        **flags,
    }


def for_others(frame: Frame) -> Frame:
    """The same frame for everybody but its sender."""
    return {name: value for name, value in frame.items() if name != "client_id"}


def changed(message: Message) -> Frame:
    """The frame of its last edit, or of its deletion."""
    if message.is_deleted:
        return {"type": "message.deleted", "message_id": message.id, "seq": message.seq}
    edited = {"id": message.id, "content": message.content}
    return {"type": "message.edited", "message": edited, "seq": message.seq}
