// The advice tool: `gateway_advice`, which the gateway answers itself, so that an engineer can ask a model why it is slow.
import { EditedStream, readWhole } from '../core/edited-stream.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import { WholeEvents } from '../core/whole-events.ts';
import { Method } from '../mcp/methods.ts';
import { addTool } from './add-tool.ts';
import type { AdviceReport } from './report.ts';
import { textOf } from './report.ts';

const NAME = 'gateway_advice';

const definition = Buffer.from(
  JSON.stringify({
    name: NAME,
    title: 'Gateway advice',
    description:
      'Explains why calls through this MCP gateway are slow or fail, from its live figures of the last minutes: ' +
      'slow tools, full pools, bad endpoints, memory, timeouts, and what a cache would bring, with numbers and settings.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
  }),
);

/** The stage: answers calls of the tool, and puts it first into the first page of tool lists. */
export function adviceTool(report: () => AdviceReport): Stage {
  return (next) => (x) => {
    const { method, name, kind } = x.envelope;
    if (kind !== 'request') return next(x);
    if (method === Method.toolsCall && name === NAME) return Promise.resolve(answer(x, report()));
    if (method !== Method.toolsList || isLaterPage(x)) return next(x);
    return next(x).then((reply) => listed(x, reply));
  };
}

/** Only a later page names a cursor. */
function isLaterPage({ body }: Exchange): boolean {
  return body?.includes('"cursor"') ?? false;
}

function answer(x: Exchange, report: AdviceReport): Reply {
  const type = x.era.typedResults ? '"resultType":"complete",' : '';
  const content = JSON.stringify([{ type: 'text', text: textOf(report) }]);
  const result = `{${type}"content":${content},"structuredContent":${JSON.stringify(report)}}`;
  return {
    status: 200,
    headers: ['content-type', 'application/json'],
    body: Buffer.from(`{"jsonrpc":"2.0","id":${x.envelope.id},"result":${result}}`),
    sse: false,
    upstreamSession: undefined,
    refusal: undefined,
  };
}

function listed(x: Exchange, reply: Reply): Reply | Promise<Reply> {
  const { body } = reply;
  if (body === null || reply.refusal !== undefined || reply.status !== 200) return reply;
  if (body instanceof Uint8Array) return whole(reply, body as Buffer);
  if (reply.sse) {
    const adder = new WholeEvents((message) => addTool(message, definition), 'pass');
    return { ...reply, body: new EditedStream(body, adder) };
  }
  return readWhole(body).then((bytes) => (Buffer.isBuffer(bytes) ? whole(reply, bytes) : x.refuse(bytes)));
}

function whole(reply: Reply, bytes: Buffer): Reply {
  const headers = reply.headers.filter((_, i) => reply.headers[i - (i % 2)] !== 'content-length');
  return { ...reply, headers, body: addTool(bytes, definition) };
}
