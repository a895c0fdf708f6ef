// A show of timeouts: a tool that reports progress for a minute outlives five seconds, one that does not does not.
import { GatedUpstream } from '../../../test/support/gated-upstream.ts';
import type { Fleet } from '../fleet.ts';
import { call, post } from './load.ts';

/** Seconds each kind of call lasted, and whether the upstream saw the end of those that were ended. */
export async function progress(fleet: Fleet, seconds = 60): Promise<object> {
  let cancelled = 0;
  const upstream = await GatedUpstream.start(({ message, response }) => {
    const token = message.params?._meta?.['progressToken'];
    const { name } = message.params ?? {};
    const send = (event: object) =>
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...event })}\n\n`);
    response.on('close', () => {
      if (!response.writableEnded) cancelled++;
    });
    if (name === 'silent') return;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    let step = 0;
    const timer = setInterval(() => {
      send({ method: 'notifications/progress', params: { progressToken: token, progress: ++step } });
      if (name === 'endless' || step < seconds) return;
      send({ id: message.id, result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] } });
      response.end();
    }, 1000);
    response.on('close', () => clearInterval(timer));
  });
  const gateway = await fleet.gateway(upstream.url, {
    timeout: '5s',
    max_timeout: `${seconds + 30}s`,
    tools: [{ match: 'endless', max_timeout: `${Math.round(seconds / 4)}s` }],
  });
  const opened = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 's', version: '1' } },
    }),
  });
  const session = opened.headers.get('mcp-session-id') ?? '';
  const legacy = (name: string) =>
    post(
      gateway.url,
      {
        jsonrpc: '2.0',
        id: name,
        method: 'tools/call',
        params: { name, arguments: {}, _meta: { progressToken: name } },
      },
      { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
    );
  const modern = (name: string) => call(gateway.url, '', name, {}, undefined, name);
  const kinds = ['working', 'silent', 'endless'].flatMap((name) => [
    [`legacy ${name}`, legacy(name)] as const,
    [`modern ${name}`, modern(name)] as const,
  ]);
  const rows = kinds.map(async ([name, outcome]) => {
    const { status, text, ms } = await outcome;
    return [
      name,
      {
        status,
        seconds: Math.round(ms / 100) / 10,
        ended: text.includes('"timeout"') ? 'timeout' : 'result',
      },
    ];
  });
  const results = Object.fromEntries(await Promise.all(rows)) as object;
  const notices = upstream.messages.filter(({ method }) => method === 'notifications/cancelled').length;
  await upstream.close();
  return { ...results, upstreamSawClosed: cancelled, legacyCancelNotices: notices };
}
