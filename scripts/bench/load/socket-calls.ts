// The load generator for machines without wrk: raw sockets, fixed bytes, closed loop. Slower than wrk, same line out.
// Run as a child: its one argument is JSON, `{ port, file, connections, seconds }`.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

const { port, file, connections, seconds } = JSON.parse(process.argv[2] ?? '') as {
  port: number;
  file: string;
  connections: number;
  seconds: number;
};
const requests = readFileSync(file, 'utf8').split('\0');
const latencyUs = createHistogram();
const counts = { answered: 0, refused: 0, broken: 0 };
let next = 0;
let ending = false;

/** The length of the first whole answer in the buffer, 0 while it is not whole. */
function answerLength(data: string): number {
  const headEnd = data.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(data.slice(0, headEnd + 2))?.[1];
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length);
    return data.length >= end ? end : 0;
  }
  const last = data.indexOf('0\r\n\r\n', headEnd + 4);
  return last < 0 ? 0 : last + 5;
}

function open(): void {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  let received = '';
  let sentAt = 0n;
  const send = () => {
    received = '';
    sentAt = process.hrtime.bigint();
    socket.write(requests[next++ % requests.length] ?? '');
  };
  // latin1: one character a byte, so that lengths agree.
  socket.setEncoding('latin1');
  socket.once('connect', send);
  socket.on('data', (text: string) => {
    received += text;
    if (ending || answerLength(received) === 0) return;
    counts.answered += 1;
    if (!received.startsWith('HTTP/1.1 2')) counts.refused += 1;
    latencyUs.record((process.hrtime.bigint() - sentAt) / 1000n + 1n);
    send();
  });
  socket.once('error', () => {
    if (!ending) counts.broken += 1;
  });
  socket.once('close', () => {
    if (!ending) open();
  });
}

const startedAt = process.hrtime.bigint();
for (let index = 0; index < connections; index += 1) open();
setTimeout(() => {
  ending = true;
  const line = {
    ...counts,
    duration_us: Number((process.hrtime.bigint() - startedAt) / 1000n),
    p50_us: latencyUs.percentile(50),
    p99_us: latencyUs.percentile(99),
  };
  process.stdout.write(`RESULT ${JSON.stringify(line)}\n`, () => process.exit(0));
}, seconds * 1000);
