// Dashboards and alerts against a live gateway: a real Prometheus scrapes it under load, and every expression gives data.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { statelessServer } from '../../demo/stateless-server.ts';
import { rawCall } from '../support/clients.ts';
import { FaultUpstream } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { hasPrometheus, Prometheus } from '../support/prometheus.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const text = (file: string) => readFileSync(join(deploy, file), 'utf8');

interface Rule {
  readonly alert?: string;
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const rulesOf = (file: string) =>
  (parse(text(file)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
const alerts = rulesOf('prometheus/alerts.yaml');
const dashboard = JSON.parse(text('grafana/mcp-gateway.json')) as Dashboard;
/** The alert that only speaks when there is nothing. */
const ABSENT = 'McpGatewayDown';

/** A panel's expression with what Grafana puts in for its variables when all is chosen. */
const filledIn = (expr: string) =>
  expr
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$tool', '.+')
    .replaceAll(/\$(job|instance|pool)/g, '.*');

/** An alert's expression without its thresholds: the figures that it watches. */
const figures = (expr: string) => expr.replaceAll(/\s(==|>=|<=|>|<)\s[\d.]+/g, '');

describe.skipIf(!hasPrometheus || !hasRedis)('under the demo load', () => {
  let server: Listening;
  let faulty: FaultUpstream;
  let redis: RedisServer;
  let gateway: TestGateway;
  let prometheus: Prometheus;
  let loading = true;
  const load: Promise<unknown>[] = [];

  const call = (pool: string, name: string, args: Record<string, unknown> = {}) => {
    const { body, headers } = modernRequest('tools/call', { name, arguments: args });
    return rawCall(`${gateway.origin}/${pool}/mcp`, body, headers);
  };

  /** Repeats something until the test ends. */
  const keepOn = (one: () => Promise<unknown>) => {
    const go = async () => {
      while (loading) await one();
    };
    load.push(go());
  };

  beforeAll(async () => {
    [server, redis] = await Promise.all([listen(statelessServer('one'), 0), RedisServer.start()]);
    faulty = new FaultUpstream();
    await faulty.listen();
    gateway = await startGateway({
      redis: { url: redis.url },
      limits: { concurrency: 2, queue: { size: 2, timeout: '2s' } },
      pools: [
        {
          name: 'demo',
          endpoints: [{ url: server.url }],
          tools: [{ match: 'get_table_schema', cache: { ttl: '100ms', scope: 'public' } }],
        },
        {
          name: 'faulty',
          endpoints: [{ url: faulty.url }],
          tools: [{ match: '*', retry: 'safe' }],
          health: { interval: '250ms', unhealthy_after: 1 },
          outlier: { consecutive_failures: 1000 },
        },
      ],
      routes: [
        { path: '/demo/mcp', pools: ['demo'] },
        { path: '/faulty/mcp', pools: ['faulty'] },
      ],
    });
    const quick = text('prometheus/rules.yaml').replace(/^ {4}interval: .*\n/m, '');
    prometheus = await Prometheus.start(new URL(gateway.adminUrl).host, [
      quick,
      text('prometheus/alerts.yaml'),
    ]);
  });

  afterAll(async () => {
    loading = false;
    await Promise.allSettled(load);
    await gateway?.stop();
    await Promise.all([prometheus?.stop(), server?.close(), faulty?.close(), redis?.kill()]);
  });

  /** The alerts whose condition holds now. */
  async function conditions(): Promise<string[]> {
    const counts = await Promise.all(alerts.map(({ expr }) => prometheus.count(expr)));
    return alerts.flatMap(({ alert = '' }, i) => (counts[i] === 0 ? [] : [alert]));
  }

  it('no alert has a reason while all is well', { timeout: 40_000 }, async () => {
    keepOn(() => call('demo', 'get_table_schema', { table: 'orders' }));
    const served =
      'sum(rate(mcp_server_operation_duration_seconds_count{gen_ai_tool_name="get_table_schema"}[10s])) > 0';
    expect(await prometheus.withoutData([served], 20_000)).toEqual([]);
    expect(await conditions()).toEqual([]);
  });

  it('every panel and every alert asks for figures that are there', { timeout: 60_000 }, async () => {
    keepOn(() => call('demo', 'flaky'));
    keepOn(() => call('demo', 'search_docs', { query: 'table' }));
    keepOn(() => {
      faulty.next('reset-before');
      return call('faulty', 'echo');
    });
    keepOn(() => call('faulty', 'unknown-tool'));
    const panels = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filledIn(expr)));
    const watched = alerts.filter(({ alert }) => alert !== ABSENT).map(({ expr }) => figures(expr));
    expect(panels.length).toBeGreaterThan(20);
    expect(await prometheus.withoutData([...panels, ...watched], 40_000)).toEqual([]);
  });

  it('the choices of every variable are there', async () => {
    const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    const asked = variables.map((one) => {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(one) ?? [];
      return `group by (${label}) (${filledIn(selector)})`;
    });
    expect(await prometheus.withoutData(asked, 5000)).toEqual([]);
  });

  it('a pool that loses its last endpoint gives that alert its reason', { timeout: 30_000 }, async () => {
    await faulty.refuse();
    const noEndpoint = alerts.find(({ alert }) => alert === 'McpNoEndpoint')?.expr ?? '';
    expect(await prometheus.withoutData([noEndpoint], 20_000)).toEqual([]);
    const now = await conditions();
    for (const other of [ABSENT, 'McpEndpointDown', 'McpRedisDown', 'McpReloadFailed']) {
      expect(now).not.toContain(other);
    }
  });

  it('a Redis that goes away gives that alert its reason', { timeout: 30_000 }, async () => {
    await redis.kill();
    const redisDown = alerts.find(({ alert }) => alert === 'McpRedisDown')?.expr ?? '';
    expect(await prometheus.withoutData([redisDown], 20_000)).toEqual([]);
  });
});
