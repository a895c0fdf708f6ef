// `pass_through_signals`: what metrics and logs cost, the gateway beside itself without them.
import { join } from 'node:path';
import type { BenchCase, Outcome } from '../bench-case.ts';
import { MODERN_LOOKUP } from '../calls.ts';
import { sameCall, startContenders } from '../contenders.ts';
import { cpuRatio } from '../side-by-side.ts';
import type { Subject } from '../subject.ts';
import { planFor } from '../subject.ts';
import { gateway, gatewayConfig, startGateway } from '../subjects/gateway.ts';
import { startStaticUpstream } from '../upstream/static-upstream.ts';

const SILENT = join(import.meta.dirname, '..', 'proxies', 'silent-gateway.ts');

/** How much more CPU a request may take with metrics and logs on than off. */
const MOST = 1.1;

const silent: Subject = {
  name: 'gateway_silent',
  start: (lab, plan) =>
    startGateway(
      lab,
      (port, adminPort) => ({ ...gatewayConfig(plan, port, adminPort), log: { level: 'error' } }),
      SILENT,
    ),
};

export const signals: BenchCase = {
  name: 'pass_through_signals',
  about: 'the same call with metrics and logs on, and off',
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const plan = planFor(await startStaticUpstream(lab), 'modern');
    const entries = [silent, gateway].map((subject) => ({ subject, prepare: sameCall(MODERN_LOOKUP) }));
    const contenders = await startContenders(lab, settings, plan, entries, outcome);
    const [off, on] = contenders;
    if (off === undefined || on === undefined) return outcome;
    for (const concurrency of settings.concurrencies ?? [16, 64]) {
      const ratio = await cpuRatio(lab, settings, 'pass_through_signals', concurrency, [off, on], outcome);
      outcome.goals.push({
        text: `c=${concurrency}: metrics and logs make a request cost ${ratio.toFixed(2)} times the CPU (at most ${MOST})`,
        met: ratio <= MOST,
      });
    }
    return outcome;
  },
};
