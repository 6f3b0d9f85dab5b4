// What the changes of a conversation mean for what the list shows of it.

const TYPING_LASTS = 6000; // milliseconds: who vanishes while typing never says that they stopped
const EVERYTHING = ["add", "pin", "rename"]; // what members may do where nothing else is said

export class News {
  #conversation;
  #account;
  #typing = new Map(); // timers, by name

  constructor(conversation, account) {
    this.#conversation = conversation;
    this.#account = account;
  }

  /** The names of those who are typing. */
  get typing() {
    return [...this.#typing.keys()];
  }

  /** The connection is gone, and with it who is typing. */
  quiet() {
    for (const name of this.typing) this.#noteTyping(name, false);
  }

  /** A change that the record does not know yet, or something that nothing keeps. */
  note(frame) {
    this.#effects[frame.type]?.(frame);
  }

  #effects = {
    "chat.message": (message) => this.message(message),
    "message.edited": ({ message }) => this.#noteEdited(message),
    "message.deleted": ({ message_id: id }) => this.#noteDeleted(id),
    "message.read": ({ user, message_id: id }) => this.#noteRead(user, id),
    "user.typing": ({ user, is_typing: isTyping }) => this.#noteTyping(user, isTyping),
    "user.updated": ({ user }) => this.#noteUser(user),
    "participant.joined": ({ participant }) => this.#noteParticipants(participant, [participant]),
    "participant.left": ({ participant }) => this.#noteParticipants(participant, []),
    "conversation.updated": (frame) => this.#noteUpdated(frame),
    "ticket.updated": ({ support_ticket: ticket }) =>
      this.#conversation.note({ support_ticket: ticket.status === "closed" ? null : ticket }),
  };

  message({ id, sender, content, timestamp, role, mentions = [], is_deleted: isDeleted, internal }) {
    if (internal) return; // a note is no last message, and not unread
    this.#noteTyping(sender, false);
    const conversation = this.#conversation;
    const { last_message: last, unread_count: unread, participants } = conversation.record;
    const isSeen = conversation.isOwn({ sender }) || id <= conversation.mark.id || isDeleted;
    const user = participants.find((one) => one.username === sender);
    if (!isSeen) conversation.note({ unread_count: unread + 1 });
    const named = mentions.some((one) => one.id === conversation.me.id);
    if (!isSeen && named) conversation.note({ unread_mentions: (conversation.record.unread_mentions ?? 0) + 1 });
    // One's own, once acknowledged, may have come before one that was stored earlier.
    if (id <= (last?.id ?? 0)) return;
    this.#account.raise(conversation);
    conversation.note({
      last_message: { id, sender: user ?? { username: sender }, content, timestamp, role, is_read: false },
    });
  }

  #noteEdited({ id, content }) {
    this.#noteContent(id, content);
    // Whom it mentioned before is not known here.
    const { id: here, mark, record } = this.#conversation;
    if (id > mark.id && (content.includes("@") || record.unread_mentions > 0)) this.#account.look(here);
  }

  #noteContent(id, content) {
    const { last_message: last } = this.#conversation.record;
    if (last?.id === id) this.#conversation.note({ last_message: { ...last, content } });
  }

  #noteDeleted(id) {
    this.#noteContent(id, "");
    const conversation = this.#conversation;
    const { thread, mark, record } = conversation;
    const message = thread.find(id);
    if (id > mark.id && (!message || record.unread_mentions > 0)) this.#account.look(conversation.id); // whether it counted is not known here
    if (message && mark.isUnread(message)) conversation.note({ unread_count: Math.max(0, record.unread_count - 1) });
  }

  /** One's own marks come from another device. */
  #noteRead(user, id) {
    const { id: here, me, mark, thread } = this.#conversation;
    if (user !== me.username || !mark.hear(id)) return;
    // What is not loaded here cannot be counted here.
    if (!thread.isLoaded || thread.hasLater) this.#account.look(here);
  }

  #noteTyping(name, isTyping) {
    if (name === this.#conversation.me.username) return; // on another device
    clearTimeout(this.#typing.get(name));
    this.#typing.delete(name);
    if (!isTyping) return;
    const end = () => {
      this.#typing.delete(name);
      this.#conversation.changed();
    };
    this.#typing.set(name, setTimeout(end, TYPING_LASTS));
  }

  #noteUpdated({ title, metadata = {}, members_may: rights = EVERYTHING, avatar_url: url = null, participant, seq }) {
    const conversation = this.#conversation;
    const isMe = participant?.id === conversation.me.id;
    const { role } = isMe ? participant : conversation.record;
    conversation.note({ title, metadata, members_may: rights, avatar_url: url, role, seq });
  }

  #noteUser(user) {
    const { participants } = this.#conversation.record;
    this.#conversation.note({ participants: participants.map((one) => (one.id === user.id ? user : one)) });
    if (!user.avatar_url) this.#account.shelve(({ files }) => files.drop("user", user.id));
  }

  #noteParticipants(gone, come) {
    const { participants, participant_count: count } = this.#conversation.record;
    const rest = participants.filter((one) => one.id !== gone.id);
    const wasHere = rest.length < participants.length;
    // Who joined and left while this client was away comes as one who left. Of very many not all are known here.
    const isNews = come.length > 0 ? !wasHere : wasHere || participants.length < count;
    const step = come.length > 0 ? 1 : -1;
    this.#conversation.note({ participants: [...rest, ...come], participant_count: count + (isNews ? step : 0) });
  }
}
