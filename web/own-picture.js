// Choosing the picture of oneself, or of a conversation.

import { avatarOf } from "./avatar.js";
import { clone } from "./dom.js";
import { explain } from "./explain.js";
import { limits } from "./limits.js";
import { say, size } from "./strings.js";

/** `urlOf` says which picture it is now; `put` and `remove` promise that there is another, or none. */
export function ownPicture(name, { urlOf, put, remove }) {
  const { content, avatar, picker, choose, remove: none, problem } = clone("own-picture");

  function draw() {
    Object.assign(avatar, avatarOf(name, urlOf()));
    none.hidden = !urlOf();
  }

  async function change(how) {
    problem.textContent = "";
    choose.disabled = none.disabled = true;
    try {
      await how();
    } catch (error) {
      problem.textContent = explain(error);
    }
    choose.disabled = none.disabled = false;
    draw();
    choose.focus();
  }

  choose.onclick = () => picker.click();
  picker.onchange = () => {
    const [file] = picker.files;
    picker.value = "";
    const most = limits.avatar_max_size;
    if (file && file.size > most) problem.textContent = say("fileTooLarge", { name: file.name, most: size(most) });
    else if (file) change(() => put(file));
  };
  none.onclick = () => change(remove);
  draw();
  return content;
}
