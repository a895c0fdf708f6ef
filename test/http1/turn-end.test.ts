// The end of a turn: what is held back, for how long, and in which order it leaves.
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TurnEnd } from '../../gateway/http1/turn-end.ts';

describe('what waits for the end of the turn', () => {
  it('leaves in order, behind all that the turn brings', async () => {
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = new TurnEnd<string>((item) => {
      seen.push(item);
      if (item === 'last') resolve();
    });
    end.add('first');
    await Promise.resolve();
    process.nextTick(() => seen.push('read meanwhile'));
    end.add('last');
    await promise;
    expect(seen).toEqual(['read meanwhile', 'first', 'last']);
  });

  it('added while others leave, leaves with the next turn', async () => {
    const seen: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = new TurnEnd<number>((item) => {
      seen.push(item);
      if (item === 1) end.add(3);
      if (item === 3) resolve();
    });
    end.add(1);
    end.add(2);
    await promise;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('corked on a socket, leaves in one piece', async () => {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const server = createServer((socket) => {
      const corked = new TurnEnd<typeof socket>((one) => one.uncork());
      socket.cork();
      corked.add(socket);
      socket.write('a');
      process.nextTick(() => socket.end('b'));
    }).listen(0, '127.0.0.1');
    server.on('listening', () => {
      const { port } = server.address() as { port: number };
      void fetchPieces(port).then(resolve);
    });
    expect(await promise).toEqual(['ab']);
    server.close();
  });
});

async function fetchPieces(port: number): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of connect(port, '127.0.0.1')) pieces.push(String(piece));
  return pieces;
}
