// Authorize: lets a client call only the tools it may call, and shows it only those.
import { EditedStream, readWhole } from '../core/edited-stream.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import { WholeEvents } from '../core/whole-events.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { ScanProblem } from '../mcp/json-scanner.ts';
import { Method } from '../mcp/methods.ts';
import { filterTools } from './filter-tools.ts';

type Allows = (tool: string) => boolean;

/**
 * The stage. It stands outside the cache, so that every hit is checked too, and filters what comes out of it. Whether a
 * tool exists is not told to who may not call it.
 */
export function authorize(): Stage {
  return (next) => (x) => {
    const allows = x.principal.policy?.allows;
    if (allows === undefined) return next(x);
    const { envelope } = x;
    const forbidden = forbiddenTool(envelope, allows);
    if (forbidden !== undefined) {
      const message = `The tool ${forbidden} is not allowed for this client`;
      return Promise.resolve(x.refuse(refusal('forbidden', { message })));
    }
    // A stream that is resumed may bring the answer to a list that was asked for earlier.
    const lists = x.inbound.method === 'GET' || hasMethod(envelope, Method.toolsList);
    return lists ? next(x).then((reply) => filtered(x, reply, allows)) : next(x);
  };
}

/** The tool that is called and may not be, the first one in a batch; empty where the call names none. */
function forbiddenTool({ method, name = '', items }: Envelope, allows: Allows): string | undefined {
  if (method === Method.toolsCall) return allows(name) ? undefined : name;
  for (const item of items) {
    const forbidden = forbiddenTool(item, allows);
    if (forbidden !== undefined) return forbidden;
  }
  return undefined;
}

function hasMethod(message: Envelope, method: string): boolean {
  return message.method === method || message.items.some((item) => item.method === method);
}

function filtered(x: Exchange, reply: Reply, allows: Allows): Reply | Promise<Reply> {
  const { body } = reply;
  if (body === null || reply.refusal !== undefined) return reply;
  if (!reply.sse && !isJson(reply)) return reply;
  if (body instanceof Uint8Array) return whole(x, reply, body as Buffer, allows);
  if (reply.sse) return { ...reply, body: new EditedStream(body, listFilter(allows)) };
  return readWhole(body).then((bytes) =>
    Buffer.isBuffer(bytes) ? whole(x, reply, bytes, allows) : x.refuse(bytes),
  );
}

function whole(x: Exchange, reply: Reply, bytes: Buffer, allows: Allows): Reply {
  try {
    const headers = reply.headers.filter((_, i) => reply.headers[i - (i % 2)] !== 'content-length');
    return { ...reply, headers, body: filterTools(bytes, allows) };
  } catch (problem) {
    return x.refuse(unreadable(problem));
  }
}

function isJson({ headers }: Reply): boolean {
  const at = headers.indexOf('content-type');
  return at !== -1 && /json/i.test(headers[at + 1] as string);
}

/** What cannot be read cannot be filtered, and so must not pass. */
function unreadable(problem: unknown): Refusal {
  if (!(problem instanceof ScanProblem)) throw problem;
  return refusal('upstream_failed', { message: 'The upstream server answered with an unreadable list' });
}

/** The filter of the lists that events carry. What cannot be read cannot be filtered, and so must not pass. */
function listFilter(allows: Allows): WholeEvents {
  const edit = (message: Buffer) => {
    try {
      return filterTools(message, allows);
    } catch (problem) {
      if (!(problem instanceof ScanProblem)) throw problem;
      return undefined;
    }
  };
  return new WholeEvents(edit, 'drop');
}
