/**
 * Payam's client, for browsers, React Native and Node (20 or newer).
 *
 *   const payam = new Payam({ url: "https://chat.example.org" });
 *   await payam.logIn("ali", "correct-horse");
 *   const account = payam.account(); // one socket for all conversations
 *   account.on("change", () => draw(account.conversations, account.unread));
 *   await account.opened();
 *   const [latest] = account.conversations;
 *   await latest.open(); // its messages, from now on kept right
 *   await latest.send("سلام"); // shown at once, resolved once it is on the server's disk
 *
 * An account reconnects by itself, and every change comes once and in order. What is sent without
 * a connection waits, and outlives the program where `storage` does; a `clientId` makes a repeat
 * the same message.
 *
 * Milliseconds since 1970 are numbers; moments from the server are RFC 3339 text. What the server
 * refuses rejects with a PayamError.
 */

export interface User {
  id: number;
  username: string;
}

export type ParticipantRole = "owner" | "admin" | "member";
/** What members may do, unless a conversation keeps it for its owner and admins. */
export type Right = "add" | "pin" | "rename";

export interface Participant extends Profile {
  role: ParticipantRole;
  /** The last message that they have read, or 0. */
  last_read_id: number;
  /** Missing where the server cannot say. */
  presence?: PresenceState;
}

export interface PresenceState {
  status: "online" | "offline";
  last_seen: string | null;
}

/** An object of the app's own, at most 4096 bytes of JSON. */
export type Metadata = Record<string, unknown>;

export interface Profile extends User {
  /** Missing where the user has given none. */
  display_name?: string;
  /** The path of their picture, where there is one; `payam.avatar` asks with the token. */
  avatar_url?: string;
}

export interface Me extends User {
  /** May be empty. */
  display_name: string;
  metadata: Metadata;
  avatar_url: string | null;
  is_staff: boolean;
}

/** A file of React Native, as its pickers give it. */
export interface NativeFile {
  uri: string;
  name: string;
  type: string;
}

export interface Attachment {
  id: number;
  message_id: number;
  name: string;
  /** Bytes. */
  size: number;
  content_type: string;
  /** A path on the server, behind that of its site; `payam.download` asks with the token. */
  url: string;
  created_at: string;
  /** Pixels of a picture as it is shown; other files have neither. */
  width?: number;
  height?: number;
  /** Where there is a thumbnail, its path, as `url`; `payam.thumbnail` asks with the token. */
  thumbnail_url?: string;
  /** Seconds of sound or of a film. */
  duration?: number;
}

export interface Reactions {
  emoji: string;
  count: number;
  me: boolean;
}

/** The message that another one replies to, as it is now. */
export interface Parent {
  id: number;
  sender: User;
  /** Its beginning, at most 500 characters; empty where it is deleted. */
  content: string;
  is_deleted: boolean;
}

export interface Message {
  id: number;
  sender: User;
  /** Empty where the message is deleted. */
  content: string;
  timestamp: string;
  /** By the caller, or, where the caller sent it, by everyone else. */
  is_read: boolean;
  is_edited: boolean;
  is_deleted: boolean;
  seq: number;
  attachments: Attachment[];
  /** The participants whom the text mentions. */
  mentions: User[];
  /** Each emoji with its number; `me` where the caller is one of them. The oldest first. */
  reactions: Reactions[];
  reply_to: Parent | null;
  /** How many replies there are, without deleted ones. */
  reply_count: number;
  metadata: Metadata;
  client_id?: string;
  /** Where a member of staff sent it without being a participant. */
  role?: "agent";
  /** A note, which only staff see. */
  internal?: true;
}

export type TicketStatus = "open" | "pending" | "closed";
export type TicketPriority = "low" | "normal" | "high" | "urgent";

export interface SupportTicket {
  id: number;
  conversation: number;
  subject: string;
  status: TicketStatus;
  priority: TicketPriority;
  created_by: Profile;
  assigned_to: Profile | null;
  created_at: string;
  updated_at: string;
  /** Since when the customer has waited for an answer; null where nobody waits. */
  waiting_since: string | null;
  /** How content the customer was. */
  rating: { score: number; comment: string } | null;
}

/** A call with the same `key` again makes nothing: it is answered with what the first one made. */
export interface Once {
  key?: string;
}

export interface ConversationRecord {
  id: number;
  title: string;
  /** The one conversation of two people, to which nobody else is added. */
  direct: boolean;
  /** At most 100, the caller always among them. */
  participants: Profile[];
  participant_count: number;
  created_at: string;
  last_message: Pick<Message, "id" | "sender" | "content" | "timestamp" | "is_read" | "role"> | null;
  support_ticket: SupportTicket | null;
  unread_count: number;
  /** How many of them mention the caller. */
  unread_mentions: number;
  /** The message up to which the caller has read, or 0. */
  last_read_id: number;
  seq: number;
  /** What `seq` counts within. */
  epoch: string;
  /** The caller's own settings; null where it is not muted. */
  muted_until: string | null;
  archived: boolean;
  pinned: boolean;
  metadata: Metadata;
  /** The caller's; an agent is no participant. */
  role: ParticipantRole | "agent";
  members_may: Right[];
  avatar_url: string | null;
}

/** A link into a conversation. Null where there is no such end. */
export interface Invite {
  id: number;
  code: string;
  created_by: User;
  created_at: string;
  expires_at: string | null;
  max_uses: number | null;
  /** How many people came in by it. */
  uses: number;
}

/** Where a link leads. */
export interface Invitation {
  conversation: { id: number; title: string; participant_count: number };
  created_by: User;
  expires_at: string | null;
  /** The caller is there already. */
  is_member: boolean;
}

/** One's own settings of a conversation. `muted_until` has a time zone. */
export type OwnSettings = Pick<ConversationRecord, "muted_until" | "archived" | "pinned">;

/** What is searched for. Spellings of a word, letter case and digits of any script do not count. */
export interface Search {
  text: string;
  /** In this one only; by default in all of one's own. */
  conversation?: number;
  /** A user's id. */
  sender?: number;
  /** Older than the message of that id. */
  before?: number;
  /** Of one page; by default 20, at most 100. */
  limit?: number;
  signal?: AbortSignal;
}

export interface Found {
  conversation: number;
  message: Message;
  /** Where the text stands: from, to (without it), in code points of `message.content`. */
  matches: [number, number][];
}

export interface Tokens {
  access: string;
  refresh: string;
  /** When the access token is replaced, in milliseconds since 1970. */
  renewAt: number;
}

/**
 * Where tokens are kept, at once or by promises. Two clients that share one agree on who renews
 * them.
 */
export interface TokenStore {
  load(): Tokens | null | Promise<Tokens | null>;
  save(tokens: Tokens | null): void | Promise<void>;
}

/**
 * Where unsent messages, the cursor and the newest conversations are kept. Values are what JSON
 * can hold. React Native's AsyncStorage is one with `JSON.stringify` around it.
 */
export interface Storage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** The values of all keys that begin so, ordered by key. */
  list(prefix: string): Promise<unknown[]>;
  /** Values may be files too: then those of one's own messages outlive the program. */
  readonly holdsFiles?: boolean;
}

/** Kept for as long as the program runs. */
export function memoryStorage(): Storage;
/** Kept by the browser under that name; in memory where the browser keeps nothing. */
export function indexedStorage(name?: string): Storage;
/** Tokens, for as long as the program runs. */
export function memoryStore(): TokenStore;

export interface PayamOptions {
  /** Where the server is, like https://chat.example or https://site.example/chat; in a browser,
   * by default, the origin that the page came from. */
  url?: string;
  /** By default tokens are kept in memory only. */
  store?: TokenStore;
  /** By default the browser's IndexedDB; elsewhere memory. */
  storage?: Storage;
  /** Needed on Node before 22, which has none of its own. */
  WebSocket?: unknown;
  /** `fetch`, or something that is called like it. */
  fetch?: (url: string, options?: RequestInit) => Promise<Response>;
  /** Milliseconds: the first pause before connecting again, and the longest. */
  backoff?: { least: number; most: number };
  /** Milliseconds that an answer may take before the connection counts as dead. */
  patience?: number;
  /** Milliseconds of silence before the server is asked whether it is there. */
  calm?: number;
}

export class PayamError extends Error {
  /** 0 where it came over a socket, or nothing came at all. */
  readonly status: number;
  /** Stable, for programs; `offline` where the server cannot be reached, `cancelled` by a `signal`. */
  readonly code: string;
  /** For each wrong field, what is wrong with it. */
  readonly errors: Record<string, string[]>;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

type Unsubscribe = () => void;

export class Payam {
  constructor(options?: PayamOptions);
  readonly url: string;
  /** Whose tokens are in use: their `sub`, a user's id where Payam made them; null for nobody's. */
  subject(): Promise<string | null>;

  /** The refresh token works no more; or, as one's own wish, `logOut` or `erase` was called here. */
  on(type: "signedOut", listener: (event: { isOwn: boolean }) => void): Unsubscribe;

  /**
   * Make a user, and sign in as them. Rejects with the code `superseded` where somebody has
   * signed in or out before the answer came; `logIn` does too.
   */
  signUp(username: string, password: string): Promise<void>;
  logIn(username: string, password: string): Promise<void>;
  /** The tokens stop working everywhere; here they are gone whether or not the server hears. */
  /**
   * As a guest, who writes to the desk without an account. The server must allow guests. `consent`
   * is the text that they have agreed to, and is kept.
   */
  signInAsGuest(about?: { name?: string; email?: string; consent?: string }): Promise<void>;
  /**
   * As the user whom a shop's signature names. The conversations of a guest who is signed in are
   * this user's then.
   */
  identify(about: {
    user_id: string;
    signature: string;
    name?: string;
    email?: string;
  }): Promise<void>;
  logOut(): Promise<void>;
  /**
   * Erase the account for ever, with every message of it, and sign out. Users of another issuer's
   * tokens have no password. Rejects with the code `wrong_password` for a wrong one.
   */
  erase(password?: string): Promise<void>;
  /** Everything of the account as a zip: profile, conversations, one's own messages, files. */
  export(): Promise<Blob>;
  /** This user sends nothing to the caller any more, and begins nothing with them. */
  /** The server keeps a small copy of the picture. */
  setAvatar(picture: Blob | NativeFile): Promise<Me>;
  removeAvatar(): Promise<void>;
  setConversationAvatar(
    id: number,
    picture: Blob | NativeFile,
  ): Promise<ConversationRecord>;
  removeConversationAvatar(id: number): Promise<void>;
  /** The picture at an `avatar_url`: WebP, at most 512 × 512 pixels. */
  avatar(url: string): Promise<Blob>;
  block(userId: number): Promise<void>;
  unblock(userId: number): Promise<void>;
  blocks(): Promise<User[]>;
  /**
   * Send a file of any size in parts (tus 1.0), to be attached with `attachUpload`; resolves with its id. After a cut
   * it goes on by itself. Keep the id that `onBegin` is called with, and give it as `upload`, to go on later.
   */
  upload(
    file: Blob,
    options?: {
      name?: string;
      upload?: string;
      onBegin?: (upload: string) => void;
      onProgress?: (share: number) => void;
      signal?: AbortSignal;
    },
  ): Promise<string>;
  discardUpload(upload: string): Promise<void>;
  /** Delete a message of somebody whose role is below one's own. */
  moderate(id: number, messageId: number): Promise<void>;
  /** Show a message to staff. */
  report(id: number, messageId: number, reason: string): Promise<void>;
  me(): Promise<Me>;
  /** Users whose names begin so. */
  users(search: string, limit?: number): Promise<Profile[]>;
  /** Every other sign-in ends. Rejects with `wrong_password`. */
  changePassword(old: string, made: string): Promise<void>;
  /** What is not given stays as it is. */
  changeMe(changes: { display_name?: string; metadata?: Metadata }): Promise<Me>;

  /** All, or only those that are so, or that are not. */
  conversations(which?: { archived?: boolean; pinned?: boolean; muted?: boolean; direct?: boolean }): Promise<ConversationRecord[]>;
  /**
   * The same page by page, up to 200 in each. One that becomes active meanwhile moves to the first
   * page, which costs little to ask for again: unchanged, it is not sent.
   */
  conversationPages(limit?: number): AsyncGenerator<ConversationRecord[], void>;
  conversation(id: number): Promise<ConversationRecord>;
  /** A page of all of them, by id; a page of fewer than `limit` is the last. */
  participants(id: number, place?: { limit?: number; after?: number }): Promise<Participant[]>;
  /**
   * `participants` are ids; the caller need not be among them. With `direct` and one other it
   * is the one conversation with them, found or begun; it has no title.
   */
  begin(
    participants: number[],
    title?: string,
    options?: Once & { direct?: boolean; metadata?: Metadata },
  ): Promise<ConversationRecord>;
  rename(id: number, title: string): Promise<ConversationRecord>;
  /** What is not given stays as it is. */
  change(
    id: number,
    changes: { title?: string; metadata?: Metadata; members_may?: Right[] },
  ): Promise<ConversationRecord>;
  /** Change one's own settings; what is not given stays as it is. */
  setOwn(id: number, changes: Partial<OwnSettings>): Promise<ConversationRecord>;
  addParticipant(id: number, userId: number, options?: Once): Promise<ConversationRecord>;
  /** Only the owner may. To make somebody else the owner makes the caller an admin. */
  setRole(id: number, userId: number, role: ParticipantRole): Promise<Participant>;
  /** For the owner and admins; the newest first. */
  invites(id: number): Promise<Invite[]>;
  createInvite(
    id: number,
    ends?: { expires_at?: string | null; max_uses?: number | null },
    options?: Once,
  ): Promise<Invite>;
  revokeInvite(id: number, inviteId: number): Promise<void>;
  /** Rejects as `join` would. */
  invitation(code: string): Promise<Invitation>;
  /** Rejects with `not_found`, `invite_expired`, `invite_used_up`, `conversation_full`, `removed` or `blocked`. */
  join(code: string, options?: Once): Promise<ConversationRecord>;
  removeParticipant(id: number, userId: number): Promise<void>;
  /** Everything up to this message is read. */
  markRead(id: number, messageId: number): Promise<void>;

  /**
   * A page, oldest first. `since` is a change number, and orders by change. With `epoch` it
   * rejects with the code `epoch_changed` where that number does not count any more.
   */
  messages(
    id: number,
    place?: { limit?: number; before?: number; after?: number; since?: number; epoch?: string },
  ): Promise<Message[]>;

  /** The replies to a message, oldest first; a page of fewer than `limit` is the last. */
  replies(id: number, messageId: number, place?: { limit?: number; after?: number }): Promise<Message[]>;

  /** The newest `limit` messages that contain a text (20; at most 100). Fewer are all there are. */
  search(asked: Search): Promise<Found[]>;
  /** The same, page by page, to the oldest. A page may be short, or empty, and yet not the last. */
  searchPages(asked: Search): AsyncGenerator<Found[], void>;

  /** The pinned messages, the last pinned first. */
  pins(id: number): Promise<Message[]>;
  /** At most 100 in a conversation. A second time changes nothing. */
  pin(id: number, messageId: number): Promise<void>;
  unpin(id: number, messageId: number): Promise<void>;

  /** React with one emoji, and take it back. A second time changes nothing. */
  react(id: number, messageId: number, emoji: string): Promise<void>;
  unreact(id: number, messageId: number, emoji: string): Promise<void>;

  attachments(id: number, messageId: number): Promise<Attachment[]>;
  /**
   * Add a file to one's own message. `onProgress` is given the share that is on its way, from 0
   * to 1; `signal` stops it.
   */
  attach(
    id: number,
    messageId: number,
    file: Blob | NativeFile,
    options?: Once & {
      name?: string;
      onProgress?: (share: number) => void;
      signal?: AbortSignal;
      /** A large file is sent as a resumable upload. This is called with its id, */
      onBegin?: (upload: string) => void;
      /** with which it goes on later. */
      upload?: string;
    },
  ): Promise<Attachment>;
  /**
   * Attach a finished upload of `/api/uploads/` to one's own message. Any client of tus makes such
   * uploads; `upload` is the last part of the upload's URL.
   */
  attachUpload(
    id: number,
    messageId: number,
    upload: string,
    options?: Once,
  ): Promise<Attachment>;
  /** The file's bytes. */
  download(attachment: Attachment): Promise<Blob>;
  /** The bytes of its thumbnail, a WebP picture. Ask only where it has `thumbnail_url`. */
  thumbnail(attachment: Attachment): Promise<Blob>;

  openTicket(
    id: number,
    subject: string,
    priority?: TicketPriority,
    options?: Once,
  ): Promise<SupportTicket>;
  ticket(ticketId: number): Promise<SupportTicket>;
  /** `assigned_to`, an id, is for staff. */
  changeTicket(
    ticketId: number,
    changes: Partial<Pick<SupportTicket, "subject" | "status" | "priority">> & {
      assigned_to?: number | null;
    },
  ): Promise<SupportTicket>;
  closeTicket(ticketId: number): Promise<SupportTicket>;
  /** Refused with 409 while another ticket of the conversation is open. */
  reopenTicket(ticketId: number): Promise<SupportTicket>;
  /**
   * For staff: take it, hand one's own over, or with null give it back to the queue. Refused with
   * `already_assigned` where it is another's.
   */
  assignTicket(ticketId: number, userId: number | null): Promise<SupportTicket>;
  /** For staff: a message that nobody but staff ever sees. */
  note(id: number, content: string, options?: Once): Promise<Message>;
  /** The stored answers of staff. */
  cannedResponses(which?: { limit?: number; after?: number }): Promise<CannedResponse[]>;
  addCannedResponse(title: string, content: string, options?: Once): Promise<CannedResponse>;
  changeCannedResponse(
    id: number,
    changes: Partial<Pick<CannedResponse, "title" | "content">>,
  ): Promise<CannedResponse>;
  deleteCannedResponse(id: number): Promise<void>;
  /** Whether an agent is there, and whether the desk is open. */
  desk(): Promise<Desk>;
  /** What a guest said of themselves; for staff. */
  guest(userId: number): Promise<Guest>;
  /** How content one was, from 1 to 5, once the ticket is closed; for customers. */
  rateTicket(ticketId: number, score: number, comment?: string): Promise<SupportTicket>;
  /** What was done with a ticket, from behind the step with the `seq` `after`. */
  ticketSteps(ticketId: number, page?: { limit?: number; after?: number }): Promise<TicketStep[]>;
  /** The rules of the desk; for staff, as all that follows. */
  deskRules(): Promise<DeskRules>;
  /** The others stay. */
  changeDeskRules(rules: Partial<DeskRules>): Promise<DeskRules>;
  deskAgents(): Promise<DeskAgent[]>;
  /** With null being online decides. */
  switchAgent(userId: number, takesTickets: boolean | null): Promise<DeskAgent>;
  /** Moments are like `2026-01-31T08:00:00Z`, or dates. */
  deskFigures(period?: DeskPeriod): Promise<DeskFigures>;
  /** As CSV. */
  deskTable(of?: "tickets" | "hours" | "agents", period?: DeskPeriod): Promise<Blob>;
  /** Of all conversations, newest first; for staff. */
  tickets(which?: {
    status?: TicketStatus;
    /** The id of an agent, or "none" for those in the queue. */
    assigned_to?: number | "me" | "none";
    created_by?: number;
    priority?: TicketPriority;
    /** What the subject or the customer's name contains. */
    q?: string;
    limit?: number;
    before?: number;
  }): Promise<SupportTicket[]>;

  /**
   * All conversations of who is signed in, live on one socket (`/ws/`). It is the same account
   * until it is closed. Signing out closes it.
   */
  account(): Account;

  /**
   * One conversation on a socket of its own (`/ws/chat/<id>/`), as a stream of events. `since` is
   * the `seq` after which to begin, by default now. Take `since` and `epoch` from an earlier
   * `Conversation` or from a `ConversationRecord`, never from an `Ack`. Example: 7 has come,
   * somebody's message becomes 8, one's own 9. The ack with 9 may come before 8, and `since: 9`
   * would never bring 8.
   *
   * Where the server's database was put back to an older state, `reset` is emitted, and then the
   * conversation comes from its first change on. With `replay: false` it goes on live instead, for
   * who reads what was there before with `messages`. An edit, a deletion or a read mark that still
   * waits is rejected with `epoch_changed`: the id that it names may be another message's now.
   */
  open(id: number, options?: { since?: number; epoch?: string; replay?: boolean }): Conversation;
  /** Connect at once what waits to, and see whether the rest is really there. */
  wake(): void;
  /** Give all connections up until `wake`; browsers' frozen pages are seen to by the library. */
  suspend(): void;
  /** Close every connection. What is not sent stays in the storage. */
  close(): void;

  /** Any call of the API. */
  request(
    method: string,
    path: string,
    options?: {
      body?: unknown;
      form?: FormData;
      headers?: Record<string, string>;
      isPublic?: boolean;
    },
  ): Promise<Response>;
  json(method: string, path: string, options?: { body?: unknown }): Promise<unknown>;
  /** An access token of this user that works for a while yet, and is not `stale`. */
  token(stale?: string, subject?: string | null): Promise<string>;
}

export interface Ack {
  ref: string;
  id?: number;
  seq?: number;
  client_id?: string;
  timestamp?: string;
}

/** What happens in a conversation. */
export interface Changes {
  message: {
    id: number;
    sender: string;
    content: string;
    timestamp: string;
    seq: number;
    is_edited?: true;
    is_deleted?: true;
    role?: "agent";
    /** Missing where it mentions nobody. */
    mentions?: User[];
    sender_id?: number;
    /** Missing where it is no reply. */
    reply_to?: Parent;
    /** Missing where there is none. */
    metadata?: Metadata;
    /** On the sender's own sockets, where the message has one. */
    client_id?: string;
  };
  edited: { message: { id: number; content: string; mentions?: User[] }; seq: number };
  deleted: { message_id: number; seq: number };
  read: { user: string; message_id: number };
  typing: { user: string; is_typing: boolean };
  /** Somebody has another name that is shown, or another picture. */
  person: { user: Profile };
  /** May come before its message, where both were missed. */
  attachment: { message_id: number; attachment: Attachment; seq: number };
  joined: { participant: User; seq: number };
  left: { participant: User; seq: number };
  /** A new title, other metadata or rights; or the role of `participant` changed. */
  updated: {
    title: string;
    metadata?: Metadata;
    members_may?: Right[];
    avatar_url?: string;
    participant?: User & { role: ParticipantRole };
    seq: number;
  };
  ticket: { support_ticket: SupportTicket; seq: number };
  /** `user` is the name of who pinned it. A message that is deleted loses its pin without an event. */
  pinned: { message_id: number; user: string; seq: number };
  unpinned: { message_id: number; user: string; seq: number };
  /** `user` is the name of who reacted, `count` how many react so by now; a server of an earlier release does not say
   *  it. A message that is deleted loses its reactions without an event. */
  reacted: { message_id: number; emoji: string; user: string; count?: number; seq: number };
  unreacted: { message_id: number; emoji: string; user: string; count?: number; seq: number };
}

export interface StateChange {
  state: ConnectionState;
  /** Milliseconds, where it waits. */
  delay?: number;
  /** Of the socket, where it is closed for good. */
  code?: number;
  reason?: string;
}

export interface ConversationEvents extends Changes {
  state: StateChange;
  /** The server's database was put back: forget what came before. */
  reset: { seq: number; epoch: string };
  /** An error that answers nothing that was waited for. */
  refused: PayamError;
}

/** `connecting`, then `open` once all that was missed has come; `waiting` to connect again. */
export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

export class Conversation {
  private constructor();
  readonly id: number;
  readonly state: ConnectionState;
  /** The highest change number that has come with everything before it: where to resume. */
  readonly seq: number | undefined;
  /** What `seq` counts within: keep the two together. */
  readonly epoch: string | undefined;
  /** How many changes of one's own wait for the server. */
  readonly waiting: number;

  on<Type extends keyof ConversationEvents>(
    type: Type,
    listener: (event: ConversationEvents[Type]) => void,
  ): Unsubscribe;

  /**
   * Resolved once the message is stored, however long that takes; rejected with a PayamError
   * where the server refuses it, or the conversation is closed. Messages are stored in the
   * order of the calls. Sending again with the same `clientId` is the same message.
   */
  send(text: string, options?: { clientId?: string; replyTo?: number; metadata?: Metadata }): Promise<Ack>;
  edit(messageId: number, content: string): Promise<Ack>;
  delete(messageId: number): Promise<Ack>;
  /** Everything up to this message is read. */
  markRead(messageId: number): Promise<Ack>;
  /** Shown to the others if the conversation is open, else to nobody. */
  typing(isTyping: boolean): void;
  /** Connect at once when waiting to; when open, see whether anybody answers. */
  wake(): void;
  /** Give the connection up and try again later: the network is gone. */
  drop(): void;
  close(): void;
}

/** A promise of the ack, which also says what the message is called until then. */
export interface SentMessage extends Promise<Ack> {
  readonly clientId: string;
  /** Resolved once the storage has it. */
  readonly saved: Promise<void>;
}

/** What comes only from one's own devices. */
interface Own {
  /** One's own settings have changed, here or on another device. */
  own: OwnSettings;
}

/** The same changes, each with the id of its conversation. */
type InConversation = {
  [Type in keyof (Changes & Own)]: (Changes & Own)[Type] & { conversation: number };
};

export interface AccountEvents extends InConversation {
  /** Something that the account or one of its conversations shows has changed. */
  change: void;
  state: StateChange;
  /** Everything that was missed while there was no connection has come. */
  resumed: void;
  /** A conversation began, or the user was added to it. */
  created: LiveConversation;
  /** The user left it, or was removed. */
  removed: LiveConversation;
  presence: PresenceState & { user: string };
  /**
   * For staff: a ticket was opened in whatever conversation, or changed in one of others. It is
   * ephemeral: read the tickets again after each `state` of "open".
   */
  desk: { type: "ticket.created" | "ticket.updated"; conversation: number; support_ticket: SupportTicket };
  /** What was held does not count: the database was put back. It is read again by itself. */
  reset: { epoch: string | undefined };
  /** An error that answers nothing that was waited for. */
  refused: PayamError;
}

export class Account {
  private constructor();
  /** Null until it is `ready`. */
  readonly me: Me | null;
  readonly state: ConnectionState;
  /** Those that are loaded, the most recently active first. */
  readonly conversations: LiveConversation[];
  /** Unread messages of the conversations that are loaded: of all where the list `isComplete`. */
  readonly unread: number;
  /** The first page of the list has come. */
  readonly isLoaded: boolean;
  /** All of the user's conversations are loaded. */
  readonly isComplete: boolean;
  /** How many messages wait to be stored. */
  readonly pending: number;
  /** Files are on their way, which nothing keeps but this program. */
  readonly isBusy: boolean;
  readonly presence: {
    /** What was last said of a user; undefined where nothing is known, as without a connection. */
    of(username: string): { status: "online" | "offline"; lastSeen: string | null } | undefined;
  };

  /** Resolved once `me` is known: what was kept from an earlier time can be shown then. */
  ready(): Promise<void>;
  /** Resolved once the first page of the list is there and the socket is live. */
  opened(): Promise<void>;
  on<Type extends keyof AccountEvents>(
    type: Type,
    listener: (event: AccountEvents[Type]) => void,
  ): Unsubscribe;
  /** As `payam.avatar`, and kept: it is there without a connection too, where the storage holds files. */
  avatar(url: string): Promise<Blob>;
  /** A conversation that is loaded. */
  get(id: number): LiveConversation | undefined;
  /** That conversation, loaded where it is not; rejects with 404 where it is not one's own. */
  conversation(id: number): Promise<LiveConversation>;
  /** Load the next page of older conversations. */
  loadMore(): Promise<void>;
  /** As `payam.search` and `payam.searchPages`. */
  search(asked: Search): Promise<Found[]>;
  searchPages(asked: Search): AsyncGenerator<Found[], void>;
  /** Add or update one as an answer of the server describes it; false where more is known. */
  put(record: ConversationRecord): boolean;
  wake(): void;
  suspend(): void;
  drop(): void;
  close(): void;
}

export interface Desk {
  online: boolean;
  /** A few of those who are there. */
  agents: Profile[];
  in_hours: boolean;
  /** When it opens next; null while it is open, or where it never opens. */
  opens_at: string | null;
  /** A message after the closing of a ticket opens what is needed. */
  reopens: boolean;
}

export interface Guest extends User {
  display_name?: string;
  email: string;
  is_known: boolean;
  /** The user whose conversations the guest's are now. */
  joined: number | null;
  created_at: string;
  /** What they agreed to then. */
  consent: string;
}

export interface TicketStep {
  action: string;
  /** Null for the desk itself. */
  by: User | null;
  to: User | null;
  at: string;
  seq: number;
}

/** What the desk does by itself: docs/support-desk.md says what each does. */
export interface DeskRules {
  timezone: string;
  hours: Record<string, string[]> | null;
  days_off: string[];
  language: string;
  first_answer_inside: Record<string, string>;
  first_answer_outside: Record<string, string>;
  assignment: "off" | "in_turn" | "least_open";
  reminder_minutes: number | null;
  reminder_in_hours: boolean;
  reopen_days: number | null;
}

export interface DeskAgent extends User {
  takes_tickets: boolean | null;
  online: boolean;
  is_available: boolean;
  open: number;
}

export interface DeskPeriod {
  since?: string;
  until?: string;
  timezone?: string;
}

/** Seconds. */
export interface Spread {
  count: number;
  mean: number | null;
  median: number | null;
  p90: number | null;
}

export interface DeskFigures {
  since: string;
  until: string;
  timezone: string;
  opened: number;
  closed: number;
  reopened: number;
  open: number;
  waiting: number;
  unassigned: number;
  first_response: Spread;
  resolution: Spread;
  rating: { count: number; mean: number | null };
  hours: { at: string; local: string; opened: number; closed: number; open: number; waiting: number }[];
  agents: {
    agent: User | null;
    answered: number;
    closed: number;
    messages: number;
    open: number;
    first_response: Spread;
    resolution: Spread;
    rating: { count: number; mean: number | null };
  }[];
}

/** A stored answer of staff. `{{customer}}` in it stands for the customer's name. */
export interface CannedResponse {
  id: number;
  title: string;
  content: string;
  created_by: User;
  created_at: string;
  updated_at: string;
}

/** A message as the account keeps it. One that waits has no `id`, `seq` and `is_read`. */
export interface LiveMessage {
  id?: number;
  client_id?: string;
  /** A username. */
  sender: string;
  content: string;
  timestamp: string;
  seq?: number;
  is_read?: boolean;
  is_edited: boolean;
  is_deleted: boolean;
  attachments: Attachment[];
  /** One that waits has none. */
  mentions?: User[];
  reactions?: Reactions[];
  /** Of one that waits with its id, and with the rest where the message is loaded. */
  reply_to?: (Pick<Parent, "id"> & Partial<Omit<Parent, "sender">> & { sender?: { username: string } }) | null;
  reply_count?: number;
  metadata?: Metadata;
  role?: "agent";
  status: "stored" | "sending" | "failed";
  error?: PayamError;
}

export interface LiveConversationEvents extends Changes, Own {
  change: void;
  removed: void;
  reset: { epoch: string };
}

/** One of the account's conversations. */
export class LiveConversation {
  private constructor();
  readonly id: number;
  /** As REST describes it, kept right. */
  readonly record: ConversationRecord;
  readonly title: string;
  readonly unread: number;
  readonly state: ConnectionState;
  /** Every change up to this one has come. */
  readonly seq: number | undefined;
  /** The names of the others. */
  readonly others: string[];
  /** The names of those who are typing now. */
  readonly typingUsers: string[];
  /** Oldest first, from `open` on: the stored ones, then those that wait. */
  readonly messages: LiveMessage[];
  readonly hasOlder: boolean;

  on<Type extends keyof LiveConversationEvents>(
    type: Type,
    listener: (event: LiveConversationEvents[Type]) => void,
  ): Unsubscribe;
  /**
   * Load the messages around the first unread one, or around that message, and keep them right from
   * then on.
   */
  open(options?: { around?: number }): Promise<void>;
  /** Nobody looks at it any more: for agents, who are not in it, it ends. */
  close(): void;
  /** The file. Where `storage` holds files, small ones that were read once are read again without a connection. */
  download(attachment: Attachment): Promise<Blob>;
  thumbnail(attachment: Attachment): Promise<Blob>;
  /** The file where it is kept. */
  keptFile(attachment: Attachment): Promise<Blob | undefined>;
  loadOlder(): Promise<void>;
  /** Shown at once; `files` follow it, and lend it their names where there is no text. */
  send(
    text: string,
    options?: { clientId?: string; files?: (File | NativeFile)[]; replyTo?: number; metadata?: Metadata },
  ): SentMessage;
  /** Try a `failed` message once more. */
  retry(clientId: string): void;
  /** Let a message go that is not stored. */
  discard(clientId: string): void;
  edit(messageId: number, content: string): Promise<Ack>;
  /** React with one emoji, and take it back. A second time changes nothing. */
  react(messageId: number, emoji: string): Promise<Ack>;
  unreact(messageId: number, emoji: string): Promise<Ack>;
  delete(messageId: number): Promise<Ack>;
  attach(
    messageId: number,
    file: Blob | NativeFile,
    options?: Once & {
      name?: string;
      onProgress?: (share: number) => void;
      signal?: AbortSignal;
    },
  ): Promise<Attachment>;
  /** Everything up to this message is read; repeated until the server knows. */
  markRead(messageId: number): Promise<void>;
  /** Shown to the others if there is a connection, else to nobody. */
  typing(isTyping: boolean): void;
  isOwn(message: { sender: string }): boolean;
  /** Whether everybody else has read it. */
  isRead(message: LiveMessage): boolean;
}

/** A `clientId`, for who keeps what is not sent yet. */
export function newId(): string;
