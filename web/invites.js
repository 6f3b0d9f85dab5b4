// The links into a conversation, for its owner and admins.

import { clone, complain, latest, make, notify } from "./dom.js";
import { whenSent } from "./dialogs.js";
import { home } from "./place.js";
import { day, number, say, time } from "./strings.js";

const HOUR = 3_600_000; // milliseconds

export function invitesOf(payam, id) {
  const { content, links, form } = clone("invites");
  const last = latest();

  async function read() {
    const all = await last(payam.invites(id));
    if (all) links.replaceChildren(...all.map(row));
  }

  function row({ id: link, code, expires_at: ends, max_uses: most, uses }) {
    const address = `${home.href}#/join/${code}`;
    const isOver = (ends && Date.parse(ends) <= Date.now()) || (most !== null && uses >= most);
    const facts = [
      most === null ? say("usedTimes", { count: number(uses) }) : say("usedOf", { count: number(uses), most: number(most) }),
      ends ? say("endsAt", { when: `${day(ends)} ${time(ends)}` }) : say("endsNever"),
      ...(isOver ? [say("inviteOver")] : []),
    ];
    return make("invite", {
      address: { textContent: address, href: address },
      facts: facts.join(" · "),
      copy: { onclick: () => navigator.clipboard.writeText(address).then(() => notify(say("copied")), complain) },
      revoke: { onclick: () => payam.revokeInvite(id, link).then(read).catch(complain) },
    });
  }

  whenSent(form, async ({ hours, most }) => {
    const ends = {};
    if (hours) ends.expires_at = new Date(Date.now() + Number(hours) * HOUR).toISOString();
    if (most) ends.max_uses = Number(most);
    await payam.createInvite(id, ends);
    form.reset();
    await read();
  });
  read().catch(complain);
  return content;
}
