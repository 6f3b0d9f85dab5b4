// Of several questions the last one's answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { latest } from "../../web/latest.js";

test("only what was asked for last is given, whenever the others come", async () => {
  const last = latest();
  const answers = [];
  const asked = () => new Promise((answer) => answers.push(answer));
  const given = [last(asked()), last(asked())];
  answers[1]("new");
  answers[0]("old");
  assert.deepEqual(await Promise.all(given), [undefined, "new"]);
  assert.equal(await last("at once"), "at once");
});

test("what goes wrong counts where it was asked for last", async () => {
  const last = latest();
  const old = last(Promise.reject(new Error("old")));
  await assert.rejects(last(Promise.reject(new Error("new"))), /new/);
  assert.equal(await old, undefined);
});

test("questions of two kinds do not count against each other", async () => {
  const [one, other] = [latest(), latest()];
  assert.deepEqual(await Promise.all([one(1), other(2)]), [1, 2]);
});
