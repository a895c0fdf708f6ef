// The black hole neither takes nor refuses.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startBlackHole } from './black-hole.ts';

test('a connect to it waits without an answer', async () => {
  const hole = await startBlackHole();
  const socket = connect(hole.port, '127.0.0.1');
  const outcome = once(socket, 'connect', { signal: AbortSignal.timeout(500) });
  await expect(outcome).rejects.toThrow('aborted');
  socket.destroy();
  await hole.close();
});
