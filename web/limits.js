// What the server takes. Until it has said so, it alone refuses.

export const limits = {
  /** Bytes of one file. */
  attachment_max_size: Infinity,
  /** Bytes of a picture of somebody, or of a conversation. */
  avatar_max_size: Infinity,
  /** Characters of one message, as `lengthOf` counts them. */
  message_max_length: Infinity,
};

export async function learnLimits(payam) {
  const said = await payam.json("GET", "/api/settings/");
  for (const name of Object.keys(limits)) limits[name] = said[name] ?? limits[name];
}

/** In characters of Unicode, as the server counts. */
export function lengthOf(text) {
  return [...text].length;
}
