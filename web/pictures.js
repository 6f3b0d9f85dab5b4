// Pictures of a conversation, in a place that is kept for them before they come. Where there is a
// thumbnail, it is shown instead of the file.

const TYPE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;
const BYTES_MOST = 4 * 1024 * 1024; // of a picture that is shown without being asked for
const PIXELS_MOST = 50_000_000; // a small file may be a picture that fills a phone's memory
const TALLEST = 288; // pixels
const THINNEST = 10; // times as long as wide; what is thinner has room beside it
const addresses = new Map(); // by attachment, so that a row that is drawn again does not load again
const shapes = new Map(); // of pictures that have come: `{width, height}`

/** Whether a browser can show it, and a phone's memory hold it. */
export function isPicture({ content_type: type, width, height }) {
  return TYPE.test(type) && !(width * height > PIXELS_MOST);
}

/** Show what is a picture in `picture`, an `img` that is hidden until then. */
export async function previewed(chat, attachment, picture) {
  const { name, size: bytes, content_type: type, width, height, thumbnail_url: thumbnail } = attachment;
  const key = `${attachment.url} ${attachment.created_at}`; // a server that is put back uses ids again
  const shape = width && height ? { width, height } : shapes.get(key);
  const isShown = TYPE.test(type) && bytes <= BYTES_MOST && !(shape?.width * shape?.height > PIXELS_MOST);
  if (!thumbnail && !isShown) return;
  picture.alt = name;
  if (shape) reserve(picture, shape);
  const load = () => (thumbnail ? chat.thumbnail(attachment) : chat.download(attachment));
  if (!addresses.has(key)) addresses.set(key, load().then(URL.createObjectURL));
  picture.onload = () => {
    if (shape) return;
    const { naturalWidth, naturalHeight } = picture;
    shapes.set(key, { width: naturalWidth, height: naturalHeight });
    reserve(picture, shapes.get(key));
  };
  picture.onerror = () => {
    picture.hidden = true; // it is no picture, whatever its type says
  };
  try {
    picture.src = await addresses.get(key);
  } catch {
    addresses.delete(key);
    picture.hidden = true; // the button is there to try again
  }
}

function reserve(picture, { width, height }) {
  picture.hidden = false;
  const ratio = Math.min(Math.max(width / height, 1 / THINNEST), THINNEST);
  picture.style.aspectRatio = ratio;
  picture.style.width = `${Math.min(width, TALLEST * ratio)}px`;
}
