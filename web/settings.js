// The settings of who is signed in: the page's language, and notifications on this device.

import { clone, complain } from "./dom.js";
import { show } from "./dialogs.js";
import { explain } from "./explain.js";
import * as notifications from "./notifications.js";
import { offerOtherLanguage, say } from "./strings.js";

export function showSettings(payam, account) {
  const { content, language, push, hint, problem, logOut } = clone("settings");
  offerOtherLanguage(language);
  logOut.onclick = () => payam.logOut();
  const dialog = show(account.me.username, content);
  showPush().catch(complain);

  async function showPush() {
    const isPossible = await notifications.canPush(payam);
    const isOn = isPossible && (await notifications.isOn());
    push.hidden = !isPossible;
    push.textContent = say(isOn ? "notificationsOff" : "notificationsOn");
    hint.textContent = say(isPossible ? "notificationsHint" : "notificationsNone");
    problem.textContent = isPossible && notifications.isBlocked() ? say("notificationsBlocked") : "";
    push.onclick = () => change(isOn ? notifications.turnOff : notifications.turnOn);
  }

  async function change(how) {
    push.disabled = true;
    let error = null;
    await how(payam).catch((reason) => (error = reason));
    push.disabled = false;
    if (!dialog.isConnected) return;
    await showPush();
    if (error) problem.textContent = explain(error);
  }
}
