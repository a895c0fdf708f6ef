// Lean requests: Node's incoming message without the object of all headers that Node would build for two of them.
import { IncomingMessage } from 'node:http';

/** The headers that Node's HTTP server itself looks at. */
interface SeenByNode {
  host: string | undefined;
  expect: string | undefined;
}

/** A request whose `headers` are those that Node's HTTP server looks at and no others: for the rest there is `header`. */
export class LeanRequest extends IncomingMessage {
  #seen: SeenByNode | undefined;

  static {
    // An accessor, as in Node's own prototype; TypeScript knows a property, which no accessor of a class may override.
    Object.defineProperty(LeanRequest.prototype, 'headers', {
      get(this: LeanRequest): SeenByNode {
        this.#seen ??= read(this.rawHeaders);
        return this.#seen;
      },
    });
  }
}

/** The first header of this lower-case name, as it was sent. */
export function header({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if ((rawHeaders[i] as string).toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}

function read(raw: readonly string[]): SeenByNode {
  const headers: SeenByNode = { host: undefined, expect: undefined };
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    // Most names have another length, which is cheaper to see than their letters.
    if (name.length === 4 && name.toLowerCase() === 'host') headers.host ??= raw[i + 1];
    else if (name.length === 6 && name.toLowerCase() === 'expect') headers.expect ??= raw[i + 1];
  }
  return headers;
}
