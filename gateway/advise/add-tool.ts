// Adds a tool to a list: its bytes go in at the front of the array, and all others stay as they are.
import { ScanProblem } from '../mcp/json-scanner.ts';
import { MemberScanner } from '../mcp/member-scanner.ts';

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
class ListFinder extends MemberScanner {
  at = -1;
  empty = false;

  document(): void {
    this.member('result', 0, (depth) => this.member('tools', depth, (d) => this.#tools(d)));
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
}
