// The rules for the text of a post, as core/text.py and actions/inputs.py have them.

const LONGEST_BODY_BYTES = 8_000;
const LONGEST_BODY_GRAPHEMES = 500;
const UNSTORABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\p{Surrogate}/u;
const SHAPELESS = /^[\s\p{Cf}\p{Cc}\p{Z}\p{Mn}]*$/u;
const segmenter = new Intl.Segmenter();

/** The text in composed form, with plain line breaks, without white space around it. */
export function normalised(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC").trim();
}

/** What keeps a text from being posted, as a code and a message; null if nothing does. */
export function problemOf(text) {
  if (UNSTORABLE.test(text)) {
    return { code: "UNSTORABLE", message: "The text contains characters that cannot be stored." };
  }
  if (SHAPELESS.test(text)) {
    return { code: "BLANK", message: "The text is empty." };
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_BODY_BYTES) {
    return { code: "TOO_LONG", message: `The text has ${bytes} bytes; ${LONGEST_BODY_BYTES} are allowed.` };
  }
  // A text has no more characters than units: counting is for the long ones.
  if (text.length > LONGEST_BODY_GRAPHEMES) {
    const count = [...segmenter.segment(text)].length;
    if (count > LONGEST_BODY_GRAPHEMES) {
      return { code: "TOO_LONG", message: `The text has ${count} characters; ${LONGEST_BODY_GRAPHEMES} are allowed.` };
    }
  }
  return null;
}
