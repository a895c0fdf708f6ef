// `reload`: the configuration changes 20 times in a minute under load, and once into something broken.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { failed, Load } from '../load.ts';
import type { Wishes } from '../own-gateway.ts';
import { OwnGateway } from '../own-gateway.ts';
import { startReplicas } from '../upstream/replica.ts';

const CALL_MS = 100;
const RELOADS = 20;
const GOOD = 'mcp_gateway_config_last_reload_successful';

export const reload: ChaosCase = {
  name: 'reload',
  about: '20 reloads in 60 s under load, endpoints and limits changing; then a broken file',
  async run(lab, { clients, quick }) {
    const report = new Report('reload', clients);
    const replicas = await startReplicas(lab, 3, CALL_MS);
    const ports = replicas.map(({ port }) => port);
    const wishes = (round: number): Wishes => ({
      ports: ports.toSpliced(round % 4, round % 4 === 3 ? 0 : 1),
      pool: {
        timeout: `${20 + (round % 5)}s`,
        balance: round % 2 === 0 ? 'least_connections' : 'round_robin',
      },
      sections: { limits: { concurrency: 5000 + round } },
    });
    const gateway = await OwnGateway.start(lab, wishes(3));
    const load = new Load(gateway.port, clients);
    await pause(1000);
    let applied = 0;
    for (let round = 0; round < RELOADS; round++) {
      gateway.rewrite(wishes(round));
      if (round % 2 === 0) gateway.signal('SIGHUP');
      else applied += (await gateway.admin('/admin/reload', 'POST')).ok ? 1 : 0;
      await pause(quick ? 300 : 3000);
      if (round % 2 === 0) applied += await gateway.metric(GOOD);
    }
    gateway.rewrite('pools:\n  - name: rig\n    endpoints: [oops\n');
    const answer = (await (await gateway.admin('/admin/reload', 'POST')).json()) as { problems?: string[] };
    const broken = await gateway.metric(GOOD);
    await pause(1000);
    await load.stop();
    await gateway.child.stop();
    await Promise.all(replicas.map((replica) => replica.stop()));

    const bad = failed(load.calls);
    const places = (answer.problems ?? []).filter((text) => /\.yaml:\d+:\d+ /.test(text));
    report.row('gateway', 'calls', load.calls.length, 'calls');
    report.row('gateway', 'failed', bad.length, 'calls');
    report.row('gateway', 'failed_with_503', bad.filter(({ status }) => status === 503).length, 'calls');
    report.row('gateway', 'reloads', applied, 'reloads');
    report.goal(
      `no call fails over ${applied} reloads (${bad.length})`,
      bad.length === 0 && applied === RELOADS,
    );
    report.goal(
      'a broken file: metric 0, the place is named, the old configuration serves on',
      broken === 0 && places.length > 0,
    );
    return report;
  },
};
