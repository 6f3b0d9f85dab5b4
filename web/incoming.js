// Files that are dropped or pasted anywhere on the page.

/** `accept` is called with them; it is null where there is nowhere for them to go. */
export function takeFiles(acceptor) {
  const accept = () => (document.querySelector("dialog[open]") ? null : acceptor());
  const mark = (isOver) => document.body.classList.toggle("dragging", isOver);

  document.addEventListener("dragover", (event) => {
    if (isText(event)) return;
    // Else the browser opens what is dropped, and the page is gone.
    event.preventDefault();
    const isWelcome = hasFiles(event) && accept() !== null;
    event.dataTransfer.dropEffect = isWelcome ? "copy" : "none";
    mark(isWelcome);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget === null && mark(false));
  document.addEventListener("drop", (event) => {
    mark(false);
    if (isText(event)) return;
    event.preventDefault();
    if (hasFiles(event)) accept()?.(filesOf(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    const isElsewhere = event.target.matches?.("input") ?? false;
    // Office programs add a picture of the text that was copied.
    const isFormatted = types.includes("text/html") && types.includes("text/plain");
    if (files.length === 0 || isElsewhere || isFormatted || accept() === null) return;
    event.preventDefault();
    accept()([...files]);
  });
}

const hasFiles = ({ dataTransfer }) => dataTransfer.types.includes("Files");

/** Text that is dragged into a field stays the field's business. */
function isText(event) {
  return !hasFiles(event) && (event.target.matches?.("input, textarea") ?? false);
}

/** Without folders, which cannot be sent. */
function filesOf({ items }) {
  return [...items]
    .filter((item) => item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory)
    .map((item) => item.getAsFile());
}
