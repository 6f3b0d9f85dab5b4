"""What was sent, acked and seen, held against what the database has. No I/O.

Every change has a key of its own: a message's `client_id`, or the `ref` of the one edit
or deletion that it may have. So each account can be laid beside the others:

- an acked message is stored once, with the id and seq of its ack, and as it was sent;
- nothing is stored, acked or seen that was not sent;
- who took part has seen each message's last change once, in the order of `seq`, and
  has put together from frames alone what the database holds;
- no id, and no seq of a conversation, stands for two things.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SHOWN = 8
"""Sentences of one kind that a failure shows; the others are counted."""


class Row(NamedTuple):
    """One message as the database has it; `client_id` is its key."""

    id: int
    conversation: int
    client_id: str | None
    content: str
    created_seq: int
    seq: int
    is_deleted: bool


class Sent(NamedTuple):
    """A message given to the server, or its edit or deletion: `text` is None for that."""

    conversation: int
    message: str
    text: str | None


class Ack(NamedTuple):
    id: int
    seq: int


class View:
    """What one participant has made of the frames, over all of their connections."""

    def __init__(self, who: str, conversation: int, since: int) -> None:
        self.who = who
        self.conversation = conversation
        self.seq = since
        self.messages: dict[int, str | None] = {}
        """By id; None for a deleted one."""


@dataclass
class Findings:
    """Sentences about what is wrong, by what was promised. Empty is what is hoped for."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.disordered or self.wrong)

    def __str__(self) -> str:
        lines = []
        for kind, sentences in vars(self).items():
            if sentences:
                lines.append(f"{kind}: {len(sentences)}")
                lines += [f"  {sentence}" for sentence in sentences[:SHOWN]]
        return "\n".join(lines) or "nothing lost, doubled or out of order"


class Ledger:
    """`since` is each conversation's seq at the beginning, `last_id` the last message's id."""

    def __init__(self, since: Mapping[int, int], last_id: int = 0) -> None:
        self._since = since
        self._last_id = last_id
        self._sent: dict[str, Sent] = {}
        self._changed: dict[str, str] = {}  # message's key: key of its edit or deletion
        self._acks: dict[str, Ack] = {}
        self._views: list[View] = []
        self._seen = Findings()

    @property
    def sent_count(self) -> int:
        return len(self._sent)

    @property
    def acked_count(self) -> int:
        return len(self._acks)

    def view(self, who: str, conversation: int) -> View:
        """The account of a participant who has seen everything up to the beginning."""
        view = View(who, conversation, self._since[conversation])
        self._views.append(view)
        return view

    def sent(self, key: str, conversation: int, text: str) -> None:
        """A message is about to be given to the server for the first time."""
        assert key not in self._sent, f"{key} was sent before"
        self._sent[key] = Sent(conversation, key, text)

    def conversation_of(self, key: str) -> int:
        return self._sent[key].conversation

    def changed(self, key: str, message: str, text: str | None) -> None:
        """So is an edit, or with None a deletion, of the acked message with that key."""
        assert key not in self._sent, f"{key} was sent before"
        assert message not in self._changed, f"{message} was changed before"
        self._sent[key] = Sent(self._sent[message].conversation, message, text)
        self._changed[message] = key

    def acked(self, key: str, id_: int, seq: int) -> None:
        """The server says that it is stored."""
        if key not in self._sent:
            self._seen.wrong.append(f"{key} was acked and never sent")
            return
        # A deletion done twice is one change; an edit done twice takes another seq.
        first = self._acks.setdefault(key, Ack(id_, seq))
        is_message = self._sent[key].message == key
        if first.id != id_ or (is_message and first.seq != seq):
            self._seen.doubled.append(
                f"{key} was acked as id {first.id} seq {first.seq}, then as id {id_} seq {seq}"
            )

    def saw(self, view: View, frame: Mapping[str, Any]) -> None:
        """A frame came to this participant; those that report no change are passed over."""
        kind, seq = frame["type"], frame.get("seq", 0)
        if kind == "chat.message":
            id_, text = frame["id"], None if frame.get("is_deleted") else frame["content"]
        elif kind == "message.edited":
            id_, text = frame["message"]["id"], frame["message"]["content"]
        elif kind == "message.deleted":
            id_, text = frame["message_id"], None
        else:
            return
        place = f"{view.who} in conversation {view.conversation}: {kind} of {id_} with seq {seq}"
        if kind == "chat.message" and id_ in view.messages:
            self._seen.doubled.append(f"{place} came again")
        elif kind != "chat.message" and id_ not in view.messages:
            self._seen.disordered.append(f"{place} came before the message")
        elif seq <= view.seq:
            self._seen.disordered.append(f"{place} came after seq {view.seq}")
        view.messages[id_] = text
        view.seq = max(view.seq, seq)

    def failed(self, sentence: str) -> None:
        """Something else happened that should not have."""
        self._seen.wrong.append(sentence)

    def check(self, rows: Iterable[Row]) -> Findings:
        """Hold all accounts against the messages stored since the beginning."""
        seen = self._seen
        found = Findings(
            list(seen.lost), list(seen.doubled), list(seen.disordered), list(seen.wrong)
        )
        stored = [row for row in rows if row.id > self._last_id]
        self._check_numbers(stored, found)
        by_key = self._check_keys(stored, found)
        self._check_acks(by_key, found)
        self._check_contents(by_key, found)
        self._check_views(stored, found)
        return found

    def _check_numbers(self, stored: list[Row], found: Findings) -> None:
        """Ids, and the seqs of a conversation, stand for one thing each."""
        for id_, times in Counter(row.id for row in stored).items():
            if times > 1:
                found.doubled.append(f"id {id_} is stored {times} times")
        taken: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for row in stored:
            taken[row.conversation, row.created_seq].add(row.id)
            taken[row.conversation, row.seq].add(row.id)
            if row.created_seq <= self._since[row.conversation]:
                found.wrong.append(f"message {row.id} has a seq from before: {row.created_seq}")
        for key, ack in self._acks.items():
            taken[self._sent[key].conversation, ack.seq].add(ack.id)
        for (conversation, seq), ids in taken.items():
            if len(ids) > 1:
                found.doubled.append(
                    f"seq {seq} of conversation {conversation} is that of messages {sorted(ids)}"
                )
        for ids_of_one in by_conversation(stored).values():
            if ids_of_one != sorted(ids_of_one):
                found.disordered.append(f"ids do not follow seq: {ids_of_one}")

    def _check_keys(self, stored: list[Row], found: Findings) -> dict[str, Row]:
        by_key: dict[str, Row] = {}
        for row in stored:
            key = row.client_id or ""
            if key not in self._sent:
                found.wrong.append(f"message {row.id} ({key!r}) is stored and was never sent")
            elif key in by_key:
                found.doubled.append(f"{key} is stored as {by_key[key].id} and as {row.id}")
            else:
                by_key[key] = row
        return by_key

    def _check_acks(self, by_key: Mapping[str, Row], found: Findings) -> None:
        for key, sent in self._sent.items():
            row, ack = by_key.get(sent.message), self._acks.get(key)
            if ack is None:
                found.lost.append(f"{key} was never acked")
            elif row is None:
                found.lost.append(f"{key} was acked as id {ack.id} and is not stored")
            elif row.id != ack.id:
                found.wrong.append(f"{key} was acked as id {ack.id} and is stored as {row.id}")
            elif key == sent.message and row.created_seq != ack.seq:
                found.wrong.append(
                    f"{key} was acked with seq {ack.seq} and is stored with {row.created_seq}"
                )

    def _check_contents(self, by_key: Mapping[str, Row], found: Findings) -> None:
        for key, row in by_key.items():
            sent, change = self._sent[key], self._changed.get(key)
            allowed = {sent.text} if change is None else {self._sent[change].text}
            if change is not None and change not in self._acks:
                allowed.add(sent.text)
            if content_of(row) not in allowed:
                found.lost.append(f"{key} is stored with {content_of(row)!r} instead of {allowed}")
            if row.conversation != sent.conversation:
                found.wrong.append(f"{key} is stored in conversation {row.conversation}")

    def _check_views(self, stored: list[Row], found: Findings) -> None:
        rows_of: defaultdict[int, list[Row]] = defaultdict(list)
        for row in stored:
            rows_of[row.conversation].append(row)
        for view in self._views:
            rows = {row.id: row for row in rows_of[view.conversation]}
            for id_, row in rows.items():
                if id_ not in view.messages:
                    found.lost.append(f"{view.who} never saw message {id_} with seq {row.seq}")
                elif view.messages[id_] != content_of(row):
                    found.lost.append(
                        f"{view.who} has message {id_} as {view.messages[id_]!r},"
                        f" stored is {content_of(row)!r}"
                    )
            for id_ in view.messages.keys() - rows.keys():
                found.wrong.append(f"{view.who} saw message {id_}, which is not stored")


def content_of(row: Row) -> str | None:
    return None if row.is_deleted else row.content


def by_conversation(rows: Iterable[Row]) -> dict[int, list[int]]:
    """The ids of each conversation's messages in the order of their first seq."""
    ids: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.created_seq):
        ids[row.conversation].append(row.id)
    return ids
