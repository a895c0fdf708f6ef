// Ambiguity: JSON that is valid but that parsers are known to read differently, so that it could mean two things.

/**
 * The one of `members` that a key differs from in case alone. Some parsers match keys whatever their case (Go's
 * encoding/json takes `Method`, and `taſkId` too): to them such a key is a second one of the same name.
 */
export function lookalike(key: string, members: readonly string[]): string | undefined {
  const folded = fold(key);
  return members.find((member) => fold(member) === folded);
}

/** Upper case first: it maps the long s and the Kelvin sign to the ASCII letters that Unicode folds them to. */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** Whether a text holds control characters or half a surrogate pair, at which other readers cut it short or change it. */
export function isAmbiguous(text: string): boolean {
  if (!text.isWellFormed()) return true;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
  return false;
}
