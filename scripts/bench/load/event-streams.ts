// Opens many SSE streams and reads their events; the delay of each is its `progress` field, the sender's clock.
// Run as a child: its one argument is JSON, `{ port, streams, seconds, headers, body }`.
import { Agent, request } from 'node:http';
import { createHistogram } from 'node:perf_hooks';

const plan = JSON.parse(process.argv[2] ?? '') as {
  port: number;
  streams: number;
  seconds: number;
  headers: Record<string, string>;
  body: string;
};
const delayUs = createHistogram();
const agent = new Agent({ maxSockets: plan.streams });
const counts = { events: 0, broken: 0 };
let firstEventUs: number | undefined;

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Counts the whole events in `text` and returns what is left of it. */
function takeEvents(text: string): string {
  const events = text.split('\n\n');
  const rest = events.pop() ?? '';
  const now = nowUs();
  for (const event of events) {
    const sentAt = /"progress":(\d+)/.exec(event)?.[1];
    if (sentAt === undefined) continue;
    counts.events += 1;
    firstEventUs ??= now;
    delayUs.record(Math.max(1, now - Number(sentAt)));
  }
  return rest;
}

function open(): void {
  const options = {
    agent,
    host: '127.0.0.1',
    port: plan.port,
    path: '/mcp',
    method: 'POST',
    headers: plan.headers,
  };
  const post = request(options, (response) => {
    if (response.statusCode !== 200) counts.broken += 1;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      rest = takeEvents(rest + text);
    });
    response.once('close', () => {
      counts.broken += 1;
    });
  });
  post.once('error', () => {
    counts.broken += 1;
  });
  post.end(plan.body);
}

for (let index = 0; index < plan.streams; index += 1) open();
setTimeout(() => {
  // From the first event: opening the streams takes a moment that says nothing about the rate.
  const duration_us = nowUs() - (firstEventUs ?? 0);
  const line = { ...counts, duration_us, p50_us: delayUs.percentile(50), p99_us: delayUs.percentile(99) };
  process.stdout.write(`RESULT ${JSON.stringify(line)}\n`, () => process.exit(0));
}, plan.seconds * 1000);
