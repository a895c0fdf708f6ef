// Filters tool lists: cuts the tools that a client may not see out of an answer's bytes, and leaves all others alone.
import { MemberScanner } from '../mcp/member-scanner.ts';

const OPEN_BRACKET = 0x5b;
/** Schemas nest deeper than requests do, and a list holds many of them. */
const LIMITS = { depth: 256, elements: 5_000_000 };

/** The answer without the tools that `allows` does not name. Throws a `ScanProblem` when it is not JSON. */
export function filterTools(answer: Buffer, allows: (tool: string) => boolean): Buffer {
  const filter = new ToolFilter(answer, allows);
  filter.document();
  return filter.filtered();
}

class ToolFilter extends MemberScanner {
  readonly #allows: (tool: string) => boolean;
  /** What stays of the bytes before `#copied`. */
  readonly #kept: Buffer[] = [];
  #copied = 0;

  constructor(bytes: Buffer, allows: (tool: string) => boolean) {
    super(bytes, LIMITS);
    this.#allows = allows;
  }

  document(): void {
    if (this.peek() === OPEN_BRACKET) {
      this.open(1);
      for (let first = true; this.nextElement(first); first = false)
        this.member('result', 1, (d) => this.#result(d));
    } else this.member('result', 0, (d) => this.#result(d));
    this.finish();
  }

  filtered(): Buffer {
    if (this.#copied === 0) return this.bytes;
    return Buffer.concat([...this.#kept, this.bytes.subarray(this.#copied)]);
  }

  #result(depth: number): void {
    this.member('tools', depth, (d) => {
      if (this.peek() === OPEN_BRACKET) this.#tools(d);
      else this.value(d);
    });
  }

  #tools(depth: number): void {
    this.open(depth + 1);
    const begin = this.pos;
    const stays: Buffer[] = [];
    let count = 0;
    for (let first = true; this.nextElement(first); first = false) {
      this.peek();
      const start = this.pos;
      count++;
      if (this.#mayBeSeen(depth + 1)) stays.push(this.bytes.subarray(start, this.pos));
    }
    if (stays.length === count) return;
    this.#kept.push(this.bytes.subarray(this.#copied, begin));
    for (const [index, tool] of stays.entries()) this.#kept.push(...(index > 0 ? [comma, tool] : [tool]));
    this.#copied = this.pos - 1;
  }

  /** Parsers differ on which of two equal keys counts: a tool is shown only if each of its names may be. */
  #mayBeSeen(depth: number): boolean {
    let named = false;
    let allowed = true;
    this.member('name', depth, (d) => {
      const start = this.pos;
      this.value(d);
      const name: unknown = JSON.parse(this.slice(start, this.pos));
      named = true;
      if (typeof name !== 'string' || !this.#allows(name)) allowed = false;
    });
    return named && allowed;
  }
}

const comma = Buffer.from(',');
