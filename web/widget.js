// What a shop puts on its pages: <script src="https://chat.example/widget.js" async></script>
//
// It adds a frame of Payam's own, and reads nothing of the page but its own attributes. The frame and this
// script send each other only whether the chat is open, and how many messages are unread.

(() => {
  if (globalThis.payamWidget) return; // a page that has the script twice has one chat
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
  const phone = matchMedia("(max-width: 480px)");
  let isOpen = false;
  // Properties, and no attribute: a page may forbid styles that are written into its markup.
  const style = {
    position: "fixed", bottom: "0", [edge]: "0", border: "0", zIndex: "2147483000", colorScheme: "light",
    background: "transparent", maxWidth: "100%", maxHeight: "100%",
  };
  Object.assign(frame.style, style);

  function size() {
    const [width, height] = !isOpen ? ["88px", "88px"] : phone.matches ? ["100%", "100%"] : ["400px", "640px"];
    Object.assign(frame.style, { width, height });
  }

  function ask(what) {
    frame.contentWindow?.postMessage({ payam: what }, address.origin);
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== address.origin || data?.payam !== "state") return;
    isOpen = data.isOpen === true;
    size();
    script.dispatchEvent(new CustomEvent("payam", { detail: { isOpen: data.isOpen, unread: data.unread } }));
  });
  phone.addEventListener("change", size);
  globalThis.payamWidget = { open: () => ask("open"), close: () => ask("close") };
  size();
  const show = () => document.body.append(frame);
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
})();
