// What a shop puts on its pages: <script src="https://chat.example/widget.js" async></script>
//
// It adds a frame of Payam's own, and reads nothing of the page but its own attributes: data-lang,
// data-dir, data-side, data-color, data-title, data-greeting, data-consent, data-name, data-email,
// data-user-id and data-signature. The frame and this script send each other only whether the
// chat is open, and how many messages are unread.

(() => {
  const script = document.currentScript;
  const { side, ...given } = script.dataset;
  const address = new URL("widget/", script.src);
  address.hash = new URLSearchParams(given);
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = given.title || "Payam";
  frame.referrerPolicy = "no-referrer";
  frame.allow = "clipboard-write";
  const edge = side === "left" ? "left" : "right";
  // Properties, and no attribute: a page may forbid styles that are written into its markup.
  const style = {
    position: "fixed", bottom: "0", [edge]: "0", border: "0", zIndex: "2147483000", colorScheme: "light",
    background: "transparent", maxWidth: "100%", maxHeight: "100%",
  };
  Object.assign(frame.style, style);

  function size(isOpen) {
    frame.style.width = isOpen ? "400px" : "88px";
    frame.style.height = isOpen ? "640px" : "88px";
  }

  function tell(what) {
    frame.contentWindow?.postMessage({ payam: what }, address.origin);
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== address.origin || data?.payam !== "state") return;
    size(data.isOpen === true);
    script.dispatchEvent(new CustomEvent("payam", { detail: { isOpen: data.isOpen, unread: data.unread } }));
  });
  globalThis.payamWidget = { open: () => tell("open"), close: () => tell("close") };
  size(false);
  const show = () => document.body.append(frame);
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
})();
