// Authorize: lets a client call only the tools it may call, and shows it only those.
import { editReply } from '../core/edit-reply.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import { headerOf } from '../core/reply.ts';
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
  if (!reply.sse && !/json/i.test(headerOf(reply.headers, 'content-type') ?? '')) return reply;
  return editReply(x, reply, {
    whole: (bytes) => filteredList(bytes, allows),
    events: () => listFilter(allows),
  });
}

/** What cannot be read cannot be filtered, and so must not pass. */
function filteredList(bytes: Buffer, allows: Allows): Buffer | Refusal {
  try {
    return filterTools(bytes, allows);
  } catch (problem) {
    if (!(problem instanceof ScanProblem)) throw problem;
    return refusal('upstream_failed', { message: 'The upstream server answered with an unreadable list' });
  }
}

/** The filter of the lists that events carry: an event with an unreadable one does not pass. */
function listFilter(allows: Allows): WholeEvents {
  const edit = (message: Buffer) => {
    const list = filteredList(message, allows);
    return Buffer.isBuffer(list) ? list : undefined;
  };
  return new WholeEvents(edit, 'drop');
}
