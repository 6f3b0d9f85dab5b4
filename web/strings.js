// What the page says, in both its languages, and how it writes times, numbers and sizes.

const ENGLISH = {
  payam: "Payam",
  tagline: "Conversations that lose nothing",
  username: "Username",
  password: "Password",
  logIn: "Log in",
  signUp: "Create account",
  logOut: "Log out",
  otherLanguage: "فارسی",
  conversations: "Conversations",
  newConversation: "New conversation",
  noConversations: "No conversations yet. Find somebody and say hello.",
  choose: "Choose a conversation, or begin a new one.",
  findPeople: "Find people by name",
  nobodyFound: "Nobody has a name that begins so.",
  chosenPeople: "Chosen",
  title: "Title (optional)",
  begin: "Begin",
  cancel: "Cancel",
  close: "Close",
  back: "Back to conversations",
  details: "Details",
  messages: "Messages",
  earlier: "Earlier messages",
  noMessages: "Nothing has been said yet.",
  newMessages: "To the newest",
  message: "Message",
  send: "Send",
  save: "Save",
  attach: "Attach files",
  removeFile: "Do not send {name}",
  editing: "Editing a message",
  cancelEditing: "Stop editing",
  edit: "Edit",
  delete: "Delete",
  deleteQuestion: "Delete this message for everyone?",
  deleted: "This message was deleted.",
  edited: "edited",
  queued: "Waiting to be sent",
  sent: "Sent",
  read: "Read",
  failed: "Not sent: {why}",
  discard: "Discard",
  retry: "Try again",
  uploading: "Uploading {name}",
  download: "Download {name}",
  typing: "{names} is typing…",
  typingMany: "{names} are typing…",
  unread: "{count} unread",
  you: "you",
  youSaid: "You: {text}",
  alone: "Only you",
  connecting: "Connecting…",
  waiting: "Offline. What you write is sent when the connection is back.",
  removed: "You are no longer in this conversation.",
  signedOut: "You were logged out. Log in again.",
  participants: "Participants",
  addPeople: "Add people",
  add: "Add",
  joined: "{name} joined.",
  left: "{name} left.",
  leave: "Leave the conversation",
  leaveQuestion: "Leave this conversation? Its messages will be out of your reach.",
  rename: "Rename",
  name: "Name of the conversation",
  ticket: "Support ticket",
  noTicket: "No ticket is open here.",
  subject: "Subject",
  priority: "Priority",
  low: "low",
  normal: "normal",
  high: "high",
  urgent: "urgent",
  status: "Status",
  open: "open",
  pending: "pending",
  closed: "closed",
  openTicket: "Open a ticket",
  closeTicket: "Close the ticket",
  assignToMe: "Assign to me",
  assignedTo: "assigned to {name}",
  openedBy: "opened by {name}",
  ticketClosed: "The ticket is closed.",
  offline: "The server cannot be reached.",
  wrong_credentials: "Wrong username or password.",
  username_taken: "This username is taken.",
  rate_limited: "Too many attempts. Wait a little and try again.",
  unavailable: "The server is busy. Try again in a moment.",
  too_large: "This is too large.",
};

const PERSIAN = {
  payam: "پیام",
  tagline: "گفت‌وگوهایی که چیزی از آن‌ها گم نمی‌شود",
  username: "نام کاربری",
  password: "گذرواژه",
  logIn: "ورود",
  signUp: "ساختن حساب",
  logOut: "خروج",
  otherLanguage: "English",
  conversations: "گفت‌وگوها",
  newConversation: "گفت‌وگوی تازه",
  noConversations: "هنوز گفت‌وگویی نیست. کسی را پیدا کنید و سلام بگویید.",
  choose: "گفت‌وگویی را برگزینید یا یکی تازه آغاز کنید.",
  findPeople: "یافتن افراد با نام",
  nobodyFound: "نام هیچ‌کس چنین آغاز نمی‌شود.",
  chosenPeople: "برگزیده‌ها",
  title: "عنوان (اختیاری)",
  begin: "آغاز",
  cancel: "انصراف",
  close: "بستن",
  back: "بازگشت به گفت‌وگوها",
  details: "جزئیات",
  messages: "پیام‌ها",
  earlier: "پیام‌های پیشین",
  noMessages: "هنوز چیزی گفته نشده است.",
  newMessages: "به تازه‌ترین",
  message: "پیام",
  send: "فرستادن",
  save: "ذخیره",
  attach: "پیوست پرونده",
  removeFile: "{name} فرستاده نشود",
  editing: "ویرایش پیام",
  cancelEditing: "پایان ویرایش",
  edit: "ویرایش",
  delete: "حذف",
  deleteQuestion: "این پیام برای همه حذف شود؟",
  deleted: "این پیام حذف شد.",
  edited: "ویرایش‌شده",
  queued: "در انتظار ارسال",
  sent: "فرستاده شد",
  read: "خوانده شد",
  failed: "فرستاده نشد: {why}",
  discard: "دور انداختن",
  retry: "تلاش دوباره",
  uploading: "در حال بارگذاری {name}",
  download: "دریافت {name}",
  typing: "{names} در حال نوشتن است…",
  typingMany: "{names} در حال نوشتن‌اند…",
  unread: "{count} خوانده‌نشده",
  you: "شما",
  youSaid: "شما: {text}",
  alone: "تنها شما",
  connecting: "در حال اتصال…",
  waiting: "آفلاین. آنچه بنویسید، با بازگشت اتصال فرستاده می‌شود.",
  removed: "شما دیگر در این گفت‌وگو نیستید.",
  signedOut: "از حساب خارج شدید. دوباره وارد شوید.",
  participants: "شرکت‌کنندگان",
  addPeople: "افزودن افراد",
  add: "افزودن",
  joined: "{name} پیوست.",
  left: "{name} رفت.",
  leave: "ترک گفت‌وگو",
  leaveQuestion: "این گفت‌وگو را ترک می‌کنید؟ پیام‌هایش دیگر در دسترس شما نخواهد بود.",
  rename: "تغییر نام",
  name: "نام گفت‌وگو",
  ticket: "تیکت پشتیبانی",
  noTicket: "تیکت بازی اینجا نیست.",
  subject: "موضوع",
  priority: "اولویت",
  low: "کم",
  normal: "عادی",
  high: "زیاد",
  urgent: "فوری",
  status: "وضعیت",
  open: "باز",
  pending: "در انتظار",
  closed: "بسته",
  openTicket: "باز کردن تیکت",
  closeTicket: "بستن تیکت",
  assignToMe: "واگذاری به من",
  assignedTo: "سپرده به {name}",
  openedBy: "بازشده از سوی {name}",
  ticketClosed: "تیکت بسته شد.",
  offline: "سرور در دسترس نیست.",
  wrong_credentials: "نام کاربری یا گذرواژه نادرست است.",
  username_taken: "این نام کاربری گرفته شده است.",
  rate_limited: "تلاش‌ها بیش از اندازه بود. کمی صبر کنید و دوباره بکوشید.",
  unavailable: "سرور مشغول است. اندکی دیگر دوباره بکوشید.",
  too_large: "بیش از اندازه بزرگ است.",
};

const KEY = "payam.language";
export const language =
  localStorage.getItem(KEY) ?? (navigator.language.startsWith("fa") ? "fa" : "en");
const strings = language === "fa" ? PERSIAN : ENGLISH;
document.documentElement.lang = language;
document.documentElement.dir = language === "fa" ? "rtl" : "ltr";

export function switchLanguage() {
  localStorage.setItem(KEY, language === "fa" ? "en" : "fa");
  location.reload();
}

/** The sentence of that name; `{word}` in it stands for a value. */
export function say(name, values = {}) {
  return strings[name].replace(/\{(\w+)\}/g, (_, word) => isolated(values[word]));
}

/** A name of the other direction does not reorder the sentence around it (Unicode's FSI, PDI). */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** An error in the page's language where it is known, else in the server's words. */
export function explain(error) {
  return Object.hasOwn(strings, error.code) ? strings[error.code] : error.message;
}

const locale = language === "fa" ? "fa-IR" : undefined;
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const shortDate = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat(locale, { style: "percent" });
const names = new Intl.ListFormat(language, { type: "conjunction" });

export const time = (moment) => clock.format(new Date(moment));
export const day = (moment) => date.format(new Date(moment));
export const number = (value) => numbers.format(value);
export const percent = (share) => shares.format(share);
export const list = (words) => (words.length > 1 ? names.format(words.map(isolated)) : words.join());

/** A time today, a date before. */
export function timeOrDate(moment) {
  const then = new Date(moment);
  const isToday = then.toDateString() === new Date().toDateString();
  return (isToday ? clock : shortDate).format(then);
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const style = {
    style: "unit",
    unit: units[step],
    unitDisplay: language === "fa" ? "long" : "short",
    maximumFractionDigits: step ? 1 : 0,
  };
  return new Intl.NumberFormat(locale, style).format(bytes / 1024 ** step);
}
