// One picture over the page, as large as it fits, and the others of the conversation beside it.

import { clone, complain } from "./dom.js";
import { isPicture } from "./pictures.js";
import { number, say } from "./strings.js";

const SWIPE = 50; // pixels

/** Begin with that attachment; `save` is called with the one to download. */
export function openViewer(chat, attachment, save) {
  const all = chat.thread.messages.flatMap((message) => message.attachments.filter(isPicture));
  const { dialog, picture, name, place, before, after, download, close } = clone("viewer");
  let here = Math.max(0, all.findIndex(({ id }) => id === attachment.id));
  let shown = null; // the address of the picture

  async function show(step = 0) {
    const next = all[here + step];
    if (!next) return;
    here += step;
    name.textContent = next.name;
    place.textContent = say("pictureOf", { place: number(here + 1), count: number(all.length) });
    before.disabled = here === 0;
    after.disabled = here === all.length - 1;
    picture.alt = next.name;
    picture.hidden = true;
    const asked = here;
    const address = URL.createObjectURL(await fileOf(next));
    if (asked !== here || !dialog.isConnected) return URL.revokeObjectURL(address);
    if (shown) URL.revokeObjectURL(shown);
    picture.src = shown = address;
    picture.hidden = false;
  }

  /** Without a connection its thumbnail may be there. */
  async function fileOf(next) {
    try {
      return await chat.download(next);
    } catch (error) {
      if (!next.thumbnail_url) throw error;
      return chat.thumbnail(next).catch(() => {
        throw error;
      });
    }
  }

  const go = (step) => show(step).catch(complain);
  before.onclick = () => go(-1);
  after.onclick = () => go(1);
  download.onclick = () => save(all[here]);
  close.onclick = () => dialog.close();
  dialog.onclick = ({ target }) => target.closest("button, img") ?? dialog.close();
  dialog.onkeydown = ({ key }) => {
    const side = document.dir === "rtl" ? -1 : 1;
    const step = { ArrowLeft: -side, ArrowRight: side }[key];
    if (step) go(step);
  };
  let from = 0;
  picture.onpointerdown = (event) => (from = event.clientX);
  picture.onpointerup = ({ clientX }) => {
    const by = (clientX - from) * (document.dir === "rtl" ? -1 : 1);
    if (Math.abs(by) > SWIPE) go(by > 0 ? -1 : 1);
  };
  picture.ondragstart = (event) => event.preventDefault();
  dialog.onclose = () => {
    dialog.remove();
    if (shown) URL.revokeObjectURL(shown);
  };
  document.body.append(dialog);
  dialog.showModal();
  go(0);
}
