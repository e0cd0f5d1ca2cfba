// Opaque ids and cursors, as core/ids.py and core/paging.py define them. Inside, an id is the text that pg gives.

const EPOCH_MS = Date.UTC(2000, 0, 1);
const SEQUENCE_BITS = 22n;
const CURSOR_VERSION = 1;

export const USER = 1;
export const POST = 2;
export const LISTING = { homeFeed: 1, userPosts: 3, repliesOldest: 7, repliesNewest: 8 };

const idBytes = Buffer.alloc(9);
const cursorBytes = Buffer.alloc(10);

/** The opaque form of an id of this kind. */
export function encodeId(kind, number) {
  idBytes[0] = kind;
  idBytes.writeBigInt64BE(BigInt(number), 1);
  return idBytes.toString("base64url");
}

/** The number in an opaque id of this kind; null for any other text. */
export function decodeId(kind, text) {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== idBytes.length || bytes[0] !== kind || bytes.toString("base64url") !== text) {
    return null;
  }
  return bytes.readBigInt64BE(1).toString();
}

/** The opaque cursor of one place in a list. */
export function encodeCursor(listing, number) {
  cursorBytes[0] = CURSOR_VERSION;
  cursorBytes[1] = listing;
  cursorBytes.writeBigInt64BE(BigInt(number), 2);
  return cursorBytes.toString("base64url");
}

/** When the row with this id came to be: microseconds and offset written out, a whole second without a fraction. */
export function timeOf(number) {
  const ms = Number(BigInt(number) >> SEQUENCE_BITS) + EPOCH_MS;
  const text = new Date(ms).toISOString();
  return ms % 1_000 ? `${text.slice(0, -1)}000+00:00` : `${text.slice(0, -5)}+00:00`;
}
