// Reads a logfmt line as its usual readers do, with values typed as in JSON.

const pair = /([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |\n$)/gy;

/** The record of one line; throws where the line is not logfmt. */
export function parseLogfmt(line: string): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  let end = 0;
  for (const match of line.matchAll(pair)) {
    const [whole, key = '', value = ''] = match;
    if (Object.hasOwn(record, key)) throw new Error(`${key} stands twice`);
    const isJson = /^(".*"|null|true|false|-?\d[\d.eE+-]*)$/.test(value);
    Object.defineProperty(record, key, { value: isJson ? JSON.parse(value) : value, enumerable: true });
    end = match.index + whole.length;
  }
  if (end !== line.length) throw new Error(`Not logfmt from ${end}: ${line.slice(end)}`);
  return record;
}
