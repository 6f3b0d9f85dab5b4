// Payam's job on Socket.IO: its Redis adapter, and PostgreSQL through pg.
//
// A client connects with its token in the Authorization header and the conversation in
// the query; with `everything` instead, it joins the rooms of all of its user's conversations, and
// with `cursor` it gets what came after that id in any of them. `chat_message` is stored,
// acknowledged, and emitted as `chat.message` to the room. The tables are those of loadtest/peers/tables.py. From the environment:
// HOST, PORT, DATABASE_URL, REDIS_URL, JWT_SECRET.

"use strict";

const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Pool } = require("pg");
const jwt = require("jsonwebtoken");

// Names make pg prepare them once a connection.
const MEMBER = {
  name: "member",
  text: `SELECT username FROM users JOIN participants ON user_id = users.id
         WHERE users.id = $1 AND conversation_id = $2`,
};
const STORE = {
  name: "store",
  text: `INSERT INTO messages (conversation_id, sender_id, content)
         VALUES ($1, $2, $3) RETURNING id, timestamp`,
};
const MISSED = {
  name: "missed",
  text: `SELECT messages.id, username AS sender, content, timestamp
         FROM messages JOIN users ON users.id = sender_id
         WHERE conversation_id = $1 AND messages.id > $2 ORDER BY messages.id`,
};

const USER = { name: "user", text: "SELECT username FROM users WHERE id = $1" };
const ROOMS = { name: "rooms", text: "SELECT conversation_id FROM participants WHERE user_id = $1" };
const NEWEST = { name: "newest", text: "SELECT coalesce(max(id), 0) AS id FROM messages" };
const MISSED_ANYWHERE = {
  name: "missed_anywhere",
  text: `SELECT messages.id, messages.conversation_id AS conversation, username AS sender, content,
                timestamp
         FROM messages JOIN users ON users.id = sender_id
              JOIN participants ON participants.conversation_id = messages.conversation_id
         WHERE participants.user_id = $1 AND messages.id > $2 ORDER BY messages.id`,
};

async function main() {
  const database = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
  const publisher = createClient({ url: process.env.REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);

  const server = createServer((request, response) => {
    response.end("ready");
  });
  const io = new Server(server, { adapter: createAdapter(publisher, subscriber) });

  io.use(async (socket, next) => {
    try {
      const header = socket.request.headers.authorization || "";
      const claims = jwt.verify(header.replace(/^Bearer /, ""), process.env.JWT_SECRET, {
        algorithms: ["HS256"],
      });
      const user = Number(claims.sub);
      if (socket.handshake.query.everything) {
        const { rows } = await database.query({ ...USER, values: [user] });
        if (rows.length === 0) return next(new Error("not_found"));
        socket.data = { user, username: rows[0].username };
        return next();
      }
      const conversation = Number(socket.handshake.query.conversation);
      const { rows } = await database.query({ ...MEMBER, values: [user, conversation] });
      if (rows.length === 0) return next(new Error("not_found"));
      socket.data = { user, conversation, username: rows[0].username };
      return next();
    } catch (error) {
      return next(error);
    }
  });

  io.on("connection", async (socket) => {
    const { user, conversation: only, username } = socket.data;
    socket.on("chat_message", async ({ message, client_id, conversation = only }) => {
      const room = `chat_${conversation}`;
      if (!socket.rooms.has(room)) return;
      const { rows } = await database.query({ ...STORE, values: [conversation, user, message] });
      const { id, timestamp } = rows[0];
      socket.emit("ack", { client_id, id, seq: id });
      const said = { id, seq: id, conversation, sender: username, content: message, timestamp };
      io.to(room).emit("chat.message", said);
    });
    if (only === undefined) return everything(socket);
    await socket.join(`chat_${only}`);
    const { since } = socket.handshake.query;
    if (since !== undefined) {
      const { rows } = await database.query({ ...MISSED, values: [only, since] });
      for (const row of rows) socket.emit("chat.message", { ...row, seq: row.id });
      socket.emit("resumed", { seq: rows.length ? rows.at(-1).id : Number(since) });
    }
  });

  // Joined first, so that nothing falls between what is read and what comes live.
  async function everything(socket) {
    const { user } = socket.data;
    const { rows } = await database.query({ ...ROOMS, values: [user] });
    await socket.join(rows.map((row) => `chat_${row.conversation_id}`));
    const { cursor } = socket.handshake.query;
    if (cursor === undefined) {
      const { rows: newest } = await database.query(NEWEST);
      socket.emit("hello", { cursor: String(newest[0].id) });
      return;
    }
    const { rows: missed } = await database.query({ ...MISSED_ANYWHERE, values: [user, cursor] });
    for (const row of missed) socket.emit("chat.message", { ...row, seq: row.id });
    socket.emit("resumed", { seq: missed.length ? missed.at(-1).id : Number(cursor) });
  }

  process.on("SIGTERM", () => process.exit(0));
  server.listen(Number(process.env.PORT), process.env.HOST);
}

main();
