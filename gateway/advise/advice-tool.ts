// The advice tool: `gateway_advice`, which the gateway answers itself, so that an engineer can ask a model why it is slow.
import { editReply } from '../core/edit-reply.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import { jsonReply } from '../core/reply.ts';
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
  return jsonReply(`{"jsonrpc":"2.0","id":${x.envelope.id},"result":${result}}`);
}

function listed(x: Exchange, reply: Reply): Reply | Promise<Reply> {
  if (reply.status !== 200) return reply;
  return editReply(x, reply, {
    whole: (bytes) => addTool(bytes, definition),
    events: () => new WholeEvents((message) => addTool(message, definition), 'pass'),
  });
}
