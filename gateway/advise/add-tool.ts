// Adds a tool to a list: its bytes go in at the front of the array, and all others stay as they are.
import type { EventEditor } from '../core/edited-stream.ts';
import { JsonScanner, ScanProblem } from '../mcp/json-scanner.ts';
import { SseData, sseEvent } from '../mcp/sse-data.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** Schemas nest deeper than requests do, and a list holds many of them. */
const LIMITS = { depth: 256, elements: 5_000_000 };

/** The answer with `tool` before its tools; as it was where it is no list. */
export function addTool(answer: Buffer, tool: Buffer): Buffer {
  const finder = new ListFinder(answer, LIMITS);
  try {
    finder.document();
  } catch (problem) {
    if (!(problem instanceof ScanProblem)) throw problem;
    return answer;
  }
  const { at } = finder;
  if (at === -1) return answer;
  const parts = [answer.subarray(0, at), tool, answer.subarray(at)];
  if (!finder.empty) parts.splice(2, 0, Buffer.from(','));
  return Buffer.concat(parts);
}

/** Finds where the elements of `result.tools` begin. */
class ListFinder extends JsonScanner {
  at = -1;
  empty = false;

  document(): void {
    this.#member('result', 0, (depth) => this.#member('tools', depth, (d) => this.#tools(d)));
    this.finish();
  }

  #tools(depth: number): void {
    if (this.peek() === OPEN_BRACKET && this.at === -1) {
      this.open(depth + 1);
      this.at = this.pos;
      this.empty = !this.nextElement(true);
      for (let more = !this.empty; more; more = this.nextElement(false)) this.value(depth + 1);
      return;
    }
    this.value(depth);
  }

  /** Walks a value; where it is an object, hands each member called `name` to `read`. */
  #member(name: string, depth: number, read: (depth: number) => void): void {
    if (this.peek() !== OPEN_BRACE) return this.value(depth);
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      if (this.key() === name) read(depth + 1);
      else this.value(depth + 1);
    }
  }
}

/** Adds the tool to the list that an event carries; each event is held until it is whole. */
export class ToolAdder implements EventEditor {
  readonly midEvent = false;
  readonly #tool: Buffer;
  #held: Buffer[] = [];

  constructor(tool: Buffer) {
    this.#tool = tool;
  }

  piece(piece: Buffer, ends: boolean, write: (bytes: Buffer) => void): void {
    this.#held.push(piece);
    if (!ends) return;
    const raw = Buffer.concat(this.#held);
    this.#held = [];
    const data: Buffer[] = [];
    const event = new SseData((bytes) => data.push(bytes));
    event.push(raw);
    const message = Buffer.concat(data);
    const list = addTool(message, this.#tool);
    write(list === message ? raw : sseEvent(event.other, list));
  }

  flush(write: (bytes: Buffer) => void): void {
    for (const bytes of this.#held) write(bytes);
    this.#held = [];
  }
}
