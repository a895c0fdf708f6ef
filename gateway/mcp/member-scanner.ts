// Scans documents for members by their names, wherever they nest.
import { JsonScanner } from './json-scanner.ts';

const OPEN_BRACE = 0x7b;

/** A scanner that can go into an object for one of its members. */
export class MemberScanner extends JsonScanner {
  /** Walks a value; where it is an object, hands each member called `name` to `read`. */
  protected member(name: string, depth: number, read: (depth: number) => void): void {
    if (this.peek() !== OPEN_BRACE) return this.value(depth);
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      if (this.key() === name) read(depth + 1);
      else this.value(depth + 1);
    }
  }
}
