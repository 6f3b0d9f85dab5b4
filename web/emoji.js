// The reactions that are offered, beyond the first six: those that people choose most.

const TEXT =
  "👍 👎 ❤️ 🔥 🎉 👏 🙏 💯 ✅ ❌ ❓ ❗ 👀 🤝 💪 🙌 👌 ✌️ 🤞 👋 " +
  "😀 😃 😄 😁 😆 😅 😂 🤣 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😋 😜 🤪 🤗 🤭 🤫 🤔 🤨 😐 😶 😏 😒 🙄 😬 😌 😔 😴 😷 🤒 🤕 🤢 🥵 🥶 😵 🤯 🥳 😎 🤓 🧐 " +
  "😕 😟 🙁 😮 😯 😲 😳 🥺 😦 😨 😰 😥 😢 😭 😱 😖 😞 😓 😩 😫 🥱 😤 😡 😠 🤬 💀 💩 🤡 👻 👽 🤖 " +
  "💋 💔 🧡 💛 💚 💙 💜 🖤 🤍 💕 💖 💐 🌹 🌸 🌷 🌻 🌞 🌙 ⭐ ✨ ⚡ ☀️ 🌧️ ❄️ 🌈 🎈 🎁 🎂 🏆 🥇 ⚽ 🎵 🎬 📌 📎 📅 ⏰ 💡 🔔 🚀 ✈️ 🚗 🏠 ☕ 🍵 🍕 🍎 🍉 🍇 🐱 🐶 🦁 🐦 🐢 🦋";

export const EMOJI = TEXT.split(" ");
