/** JSON with comments and trailing commas, as editors write their settings, turned into plain JSON. */

/** A text, which is kept whatever stands in it, or a comment. */
const TEXT_OR_COMMENT = /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const TEXT_OR_TRAILING_COMMA = /"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])/g;

/** Blanks out what plain JSON does not have; all else stays at its place, so that messages of the parser are right. */
export function plainJson(text: string): string {
  const bare = text.replace(/^\uFEFF/, ' ').replace(TEXT_OR_COMMENT, (found) => {
    return found.startsWith('"') ? found : found.replace(/[^\n]/g, ' ');
  });
  return bare.replace(TEXT_OR_TRAILING_COMMA, (found) => (found === ',' ? ' ' : found));
}
