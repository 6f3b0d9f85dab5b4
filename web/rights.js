// What who is signed in may do in a conversation; the server decides.

const EVERYTHING = ["add", "pin", "rename"];
const RANKS = { agent: 3, owner: 2, admin: 1, member: 0 };

/** Whether one's role is more than a member's. */
export const isAbove = ({ role }) => (RANKS[role] ?? 0) > 0;

/** `what` is `add`, `pin` or `rename`. */
export const may = (record, what) => isAbove(record) || (record.members_may ?? EVERYTHING).includes(what);

/** Whether somebody of the other role may be removed by the caller. */
export const mayRemove = ({ role, direct }, other) =>
  !direct && (role === "owner" || role === "agent" || (role === "admin" && other === "member"));
