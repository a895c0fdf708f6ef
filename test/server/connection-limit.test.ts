// Connection limits: what clients hold open never takes the descriptors that everything else needs.
import { execFileSync } from 'node:child_process';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionLimits } from '../../gateway/server/connection-limit.ts';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { modernRequest } from '../support/message.ts';
import { RawClient, requestBytes } from '../support/raw-socket.ts';

describe('the limit', () => {
  it.each([
    ['leaves half of a large limit of files to upstreams', 'auto', 65_536, 32_704],
    ['keeps a reserve of a common one', 'auto', 1024, 448],
    ['keeps a quarter of a small one in reserve', 'auto', 256, 96],
    ['is what the file says', 5000, 1024, 5000],
    ['is none where the system tells none', 'auto', undefined, undefined],
  ] as const)('%s', (_what, asked, openFiles, clients) => {
    expect(connectionLimits(asked, openFiles).clients).toBe(clients);
  });
});

describe('resident memory', () => {
  it('is told with no descriptor left', () => {
    const memory = fileURLToPath(new URL('../../gateway/telemetry/process-memory.ts', import.meta.url));
    const script = `
      import { openSync } from 'node:fs';
      const { residentBytes } = await import(${JSON.stringify(memory)});
      try { for (;;) openSync('/dev/null'); } catch (error) { console.log(error.code); }
      console.log(residentBytes() > 1e6);`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const said = execFileSync('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', ...node], { encoding: 'utf8' });
    expect(said).toBe('EMFILE\ntrue\n');
  });
});

describe('with few descriptors', () => {
  const under = ['sh', '-c', 'ulimit -n 128; exec "$@"', 'sh'];
  const sockets: Socket[] = [];
  let up: FaultUpstream;
  let gw: GatewayProcess;

  beforeEach(async () => {
    up = await startFaults();
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gw.dispose();
    await up.close();
  });

  const start = async (listen: string) => {
    gw = await startGatewayProcess(
      `listen: ${listen}\nadmin: { port: 0 }\npools: [{ name: a, endpoints: [{ url: "${up.url}" }], health: { interval: 100ms } }]\n`,
      { under },
    );
    await vi.waitFor(async () => expect((await fetch(`${gw.adminUrl}/readyz`)).status).toBe(200), 10_000);
  };
  const crowd = (count: number) => {
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const socket = connect(Number(new URL(gw.url).port), '127.0.0.1');
      socket.on('error', () => undefined).on('close', () => refused++);
      socket.write('POST /mcp HTTP/1.1\r\nhost: localhost\r\nx:');
      sockets.push(socket);
    }
    return () => refused;
  };
  /** Resolves when some of so many connections have found no descriptor. */
  const useUp = async (count: number) => {
    const refused = crowd(count);
    await vi.waitFor(() => expect(refused()).toBeGreaterThan(0), 10_000);
  };
  const metric = async (name: string) => {
    const text = await (await fetch(`${gw.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  it('further connections are refused and told, and the upstreams are still reached and asked how they are', async () => {
    await start('{ port: 0 }');
    const refused = crowd(150);
    await vi.waitFor(() => expect(refused()).toBeGreaterThanOrEqual(150 - 48), 10_000);
    expect(await gw.logged('connections_refused')).toMatchObject({ level: 'warn', limit: 48 });
    expect(await metric('mcp_gateway_client_connections_refused_total')).toBeGreaterThanOrEqual(150 - 48);
    expect(await metric('mcp_gateway_client_connections')).toBeLessThanOrEqual(48);
    // Checks need connections of their own: five more pass.
    const asked = up.received.length + 5;
    await vi.waitFor(() => expect(up.received.length).toBeGreaterThan(asked), 10_000);
    for (const socket of sockets) socket.destroy();
    const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
    await vi.waitFor(
      async () => expect((await rawCall(`${gw.url}/mcp`, body, headers)).status).toBe(200),
      10_000,
    );
    expect(gw.records.filter(({ event }) => String(event).startsWith('endpoint_'))).toEqual([]);
  });

  it('a gateway that was told to take more is warned, survives when none is left, and blames no endpoint', async () => {
    await start('{ port: 0, max_connections: 5000 }');
    expect(await gw.logged('config_warning')).toMatchObject({
      message: expect.stringMatching(/listen\.max_connections: 5000 .* 128 files .* enough for 48/),
    });
    expect(await metric('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    const client = await RawClient.connect(gw.url);
    sockets.push(client.socket);
    await useUp(150);
    // Over the connection that the scrape before has left open.
    expect(await metric('mcp_gateway_client_connections')).toBeGreaterThan(60);
    expect(await metric('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    for (let refused = 0; refused < 10; ) {
      const { body, headers } = modernRequest('tools/call', { name: 'ok-then-fin', arguments: {} });
      await client.write(
        requestBytes('POST /mcp', { ...headers, 'content-type': 'application/json' }, JSON.stringify(body)),
      );
      const { status, body: said } = await client.reply();
      if (status === 200) {
        // It has found a descriptor, and gives it back at once: now the crowd takes that one, too.
        await useUp(20);
        continue;
      }
      expect(status).toBe(503);
      expect(said).toContain('The gateway cannot open a connection to the upstream server (EMFILE)');
      refused++;
    }
    expect(await gw.logged('socket_shortage')).toMatchObject({
      level: 'error',
      code: 'EMFILE',
      message: expect.stringContaining('ulimit -n'),
    });
    for (const socket of sockets) socket.destroy();
    const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
    await vi.waitFor(
      async () => expect((await rawCall(`${gw.url}/mcp`, body, headers)).status).toBe(200),
      10_000,
    );
    const told = gw.records.map(({ event }) => String(event));
    expect(told.filter((event) => event.startsWith('endpoint_'))).toEqual([]);
    expect(told.filter((event) => event === 'socket_shortage')).toHaveLength(1);
    expect(gw.child.exitCode).toBeNull();
  });
});
