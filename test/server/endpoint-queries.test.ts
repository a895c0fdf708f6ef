// Keys in the query of an endpoint's URL: they go to the endpoint, and nowhere that people look.
import { expect, it, onTestFinished, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

it('a key in the query of an endpoint is in no log, metric, page or state', async () => {
  const upstream = await startFaults({});
  onTestFinished(() => upstream.close());
  const gateway = await startGateway(
    `pools: [{ name: a, endpoints: [{ url: "${upstream.url}?key=s3cret" }, { url: "http://127.0.0.1:1/mcp?key=s3cret" }] }]\n`,
  );
  onTestFinished(() => gateway.stop(0));
  const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
  for (let i = 0; i < 4; i++) await rawCall(gateway.at(), body, headers);
  await vi.waitFor(
    () => {
      const events = gateway.logs().map(({ event }) => event);
      expect(events).toEqual(expect.arrayContaining(['tool_execution', 'endpoint_unhealthy']));
    },
    { timeout: 10_000 },
  );
  const read = async (path: string) => (await fetch(gateway.adminUrl + path)).text();
  const shown = [
    JSON.stringify(gateway.logs()),
    ...(await Promise.all(['/metrics', '/', '/admin/state', '/readyz?verbose', '/admin/advice'].map(read))),
  ];
  expect(shown.filter((text) => text.includes('s3cret'))).toEqual([]);
  expect(shown[1]).toContain(`endpoint="${upstream.url}"`);
});
