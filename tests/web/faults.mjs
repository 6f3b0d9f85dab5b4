// What tests ask of the one who runs them: `PAYAM_FAULTS` is a port that takes one word a line.

import { createConnection } from "node:net";

/** `cut`, `refuse`, `accept`, `stall`, `resume`, `vanish`, `restart`, `restored`, or `token <user> <seconds>`. */
export function fault(words) {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = createConnection(Number(process.env.PAYAM_FAULTS), "127.0.0.1");
    socket.on("data", (data) => (answer += data));
    socket.on("end", () => resolve(answer.trim()));
    socket.on("error", reject);
    socket.write(`${words}\n`);
  });
}
