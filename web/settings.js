// The settings of who is signed in: their name, the page's language, notifications on this device,
// and the end of it all.

import { shownName } from "./avatar.js";
import { isSoundOn, turnSound } from "./chime.js";
import { clone, complain, notify } from "./dom.js";
import { show, whenSent } from "./dialogs.js";
import { explain } from "./explain.js";
import * as notifications from "./notifications.js";
import { ownPicture } from "./own-picture.js";
import { offerOtherLanguage, say } from "./strings.js";

export function showSettings(payam, account) {
  const { content, profile, name, language, push, hint, problem, logOut, sound, picture, ...parts } = clone("settings");
  offerOtherLanguage(language);
  logOut.onclick = () => payam.logOut();
  const { me } = account;
  const changed = (changes) => {
    Object.assign(me, changes);
    account.changed();
  };
  picture.append(
    ownPicture(shownName(me), {
      urlOf: () => me.avatar_url,
      put: async (file) => changed(await payam.setAvatar(file)),
      remove: async () => changed((await payam.removeAvatar()) ?? { avatar_url: null }),
    }),
  );
  name.value = account.me.display_name ?? "";
  whenSent(profile, async (data) => {
    Object.assign(account.me, await payam.changeMe({ display_name: data.name.trim() }));
    notify(say("saved"));
    dialog.close();
  });
  const showSound = () => (sound.textContent = say(isSoundOn() ? "soundOff" : "soundOn"));
  sound.onclick = () => {
    turnSound(account, !isSoundOn());
    showSound();
  };
  showSound();
  parts.exporting.onclick = () => exportAll(payam).catch(complain);
  parts.changing.onclick = () => askForPassword(payam);
  parts.erasing.onclick = () => askToErase(payam);
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

async function exportAll(payam) {
  const href = URL.createObjectURL(await payam.export());
  Object.assign(document.createElement("a"), { href, download: "payam.zip" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** Everywhere else one is signed out by it. */
function askForPassword(payam) {
  const { content, form } = clone("new-password");
  const dialog = show(say("changePassword"), content);
  whenSent(form, async ({ before, after }) => {
    await payam.changePassword(before, after);
    notify(say("saved"));
    dialog.close();
  });
}

/** For ever, so the password is asked for. */
function askToErase(payam) {
  const { content, form } = clone("erase");
  show(say("eraseAccount"), content);
  whenSent(form, async ({ password }) => {
    await payam.erase(password);
  });
}
