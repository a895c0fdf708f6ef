// Mirrored headers of 2026-07-28: decoding and comparing `Mcp-Name` and `Mcp-Param-*` values.

const SENTINEL_START = '=?base64?';
const SENTINEL_END = '?=';
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The text that a mirrored header stands for; undefined when its base64 form is malformed. Values that HTTP cannot
 * carry travel as `=?base64?…?=`, lower case and exact; anything that only resembles it is literal (MCP 2026-07-28,
 * streamable HTTP, "Value encoding"; SEP-2243).
 */
export function decodeMirrored(value: string): string | undefined {
  if (!value.startsWith(SENTINEL_START) || !value.endsWith(SENTINEL_END)) return value;
  const encoded = value.slice(SENTINEL_START.length, -SENTINEL_END.length);
  if (value.length < SENTINEL_START.length + SENTINEL_END.length) return value;
  if (!base64.test(encoded) || encoded.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

/** Whether the part of an `Mcp-Param-` header's name that names the parameter is an HTTP token (RFC 9110 §5.6.2). */
export function isToken(name: string): boolean {
  return token.test(name);
}

/** The header form of a text: itself where HTTP carries it unharmed, else base64. */
export function encodeMirrored(text: string): string {
  const plain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text);
  if (plain && !text.startsWith(SENTINEL_START)) return text;
  return SENTINEL_START + Buffer.from(text, 'utf8').toString('base64') + SENTINEL_END;
}
