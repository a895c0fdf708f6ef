// The reference server starts and answers the official client.
import { expect, test } from 'vitest';
import { connectV1 } from './clients.ts';
import { startServerEverything } from './server-everything.ts';

test('it answers over Streamable HTTP with a session', async () => {
  const server = await startServerEverything();
  const { client, transport, close } = await connectV1(server.url);
  expect(transport.sessionId).toEqual(expect.any(String));
  const result = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
  expect(JSON.stringify(result)).toContain('hello');
  await close();
  await server.close();
});
