// Asks `/readyz` in a thread of its own, so that what the load does to this process is not measured: `workerData` is the
// admin port; it says 'asking' at first, and later the instant, in ms since the epoch, at which 503 was answered.
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const EVERY_MS = 5;
const QUESTION = 'GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n';

const socket = connect(workerData as number, '127.0.0.1');
const ask = () => socket.write(QUESTION);
let asking = false;

socket.setNoDelay().once('connect', ask);
// A whole answer comes in one piece: it is a few bytes long.
socket.on('data', (piece) => {
  const now = performance.timeOrigin + performance.now();
  if (/^HTTP\/1\.1 503 /.test(piece.toString('latin1'))) {
    parentPort?.postMessage(now);
    socket.destroy();
    return;
  }
  if (!asking) parentPort?.postMessage('asking');
  asking = true;
  setTimeout(ask, EVERY_MS);
});
socket.once('error', () => parentPort?.close());
