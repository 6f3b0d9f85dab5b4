// Payam's job on Socket.IO: its Redis adapter, and PostgreSQL through pg.
//
// A client connects with its token in the Authorization header and the conversation in
// the query. `chat_message` is stored, acknowledged, and emitted as `chat.message` to
// the room. The tables are those of loadtest/peers/tables.py. From the environment:
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
    const { user, conversation, username } = socket.data;
    const room = `chat_${conversation}`;
    socket.on("chat_message", async ({ message, client_id }) => {
      const { rows } = await database.query({ ...STORE, values: [conversation, user, message] });
      const { id, timestamp } = rows[0];
      socket.emit("ack", { client_id, id, seq: id });
      io.to(room).emit("chat.message", { id, seq: id, sender: username, content: message, timestamp });
    });
    await socket.join(room);
    const { since } = socket.handshake.query;
    if (since !== undefined) {
      const { rows } = await database.query({ ...MISSED, values: [conversation, since] });
      for (const row of rows) socket.emit("chat.message", { ...row, seq: row.id });
      socket.emit("resumed", { seq: rows.length ? rows.at(-1).id : Number(since) });
    }
  });

  process.on("SIGTERM", () => process.exit(0));
  server.listen(Number(process.env.PORT), process.env.HOST);
}

main();
