// Log formats: one record is one line of printable text, whatever its fields hold.

/** Forms of a log line; all carry the same keys. */
export type LogFormat = 'json' | 'logfmt' | 'pretty';

const plain = /^[ !#-[\]-~]*$/;
/**
 * What may end a line or steer a terminal and yet stands bare in JSON: DEL and the C1 controls, the line and
 * paragraph separators, and the marks that reorder text.
 */
const unprintable = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
/** A logfmt value that needs no quotes and cannot be mistaken for a number, a boolean or null. */
const bare = /^(?!(?:null|true|false|-?\d[\d.eE+-]*)$)[!#-<>-[\]-~]+$/;

/** JSON text with everything unprintable escaped; it stands for the same value. */
export function escapeUnprintable(json: string): string {
  return json.replace(unprintable, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text as JSON string, printable. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : escapeUnprintable(JSON.stringify(text));
}

/** The line of a JSON record in another form; undefined where the record is written as it is. */
export function formatter(format: LogFormat, colour: boolean): ((jsonLine: string) => string) | undefined {
  if (format === 'json') return undefined;
  if (format === 'logfmt') return (line) => `${pairs(Object.entries(JSON.parse(line)))}\n`;
  return (line) => pretty(JSON.parse(line), colour);
}

const colours: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31, fatal: 31 };

function pretty(record: Record<string, unknown>, colour: boolean): string {
  const { time, level, event, ...rest } = record;
  const word = String(level).padEnd(5);
  const shown = colour ? `\u001b[${colours[String(level)] ?? 0}m${word}\u001b[0m` : word;
  const fields = pairs(Object.entries(rest));
  return `${time} ${shown} ${value(event)}${fields === '' ? '' : ` ${fields}`}\n`;
}

function pairs(fields: readonly (readonly [string, unknown])[]): string {
  return fields.map(([key, field]) => `${key}=${value(field)}`).join(' ');
}

function value(field: unknown): string {
  if (typeof field === 'string') return bare.test(field) ? field : quote(field);
  if (typeof field === 'object' && field !== null) return quote(JSON.stringify(field));
  return String(field);
}
