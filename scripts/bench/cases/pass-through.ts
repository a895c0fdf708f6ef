// `pass_through`: one small tools/call, its bytes forwarded untouched, at rising concurrency.
import type { BenchCase, Outcome } from '../bench-case.ts';
import { legacyLookup, MODERN_LOOKUP } from '../calls.ts';
import { sameCall, startContenders } from '../contenders.ts';
import { measureCalls } from '../measure-calls.ts';
import { planFor } from '../subject.ts';
import { direct } from '../subjects/direct.ts';
import { gateway } from '../subjects/gateway.ts';
import { gatewayAdmission, gatewayPlain, withKey } from '../subjects/gateway-admission.ts';
import { haproxy } from '../subjects/haproxy.ts';
import { nginx } from '../subjects/nginx.ts';
import { nodeFloor } from '../subjects/node-floor.ts';
import { sdkGateway } from '../subjects/sdk-gateway.ts';
import { startStaticUpstream } from '../upstream/static-upstream.ts';

/** How many times the floor's CPU time the gateway may cost. */
const FLOOR_TIMES = 1.25;
/** How many times the gateway's CPU time a gateway of SDK objects must at least cost. */
const SDK_TIMES = 10;
/** How many times the plain gateway's CPU time admission may cost. */
const ADMISSION_TIMES = 1.1;

export const passThrough: BenchCase = {
  name: 'pass_through',
  about: 'a stateless (2026-07-28) tools/call against every baseline',
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const plan = planFor(await startStaticUpstream(lab), 'modern');
    const entries = [direct, nginx, haproxy, nodeFloor, gateway, gatewayPlain].map((subject) => ({
      subject,
      prepare: sameCall(MODERN_LOOKUP),
    }));
    // SDK 1.32 does not speak 2026-07-28, so it gets the same call in the older form.
    const sdk = { subject: sdkGateway, prepare: sameCall(legacyLookup()), concurrencies: [16, 64] };
    const admission = { subject: gatewayAdmission, prepare: sameCall(withKey(MODERN_LOOKUP)) };
    const contenders = await startContenders(lab, settings, plan, [...entries, admission, sdk], outcome);
    await measureCalls(lab, settings, 'pass_through', [1, 16, 64, 256], contenders, outcome);
    for (const concurrency of [16, 64, 256]) compareWithFloor(outcome, concurrency);
    for (const concurrency of [16, 64]) {
      compareWithSdk(outcome, concurrency);
      compareWithAdmission(outcome, concurrency);
    }
    return outcome;
  },
};

/** CPU time of a subject at one concurrency. */
function cpuOf(outcome: Outcome, concurrency: number, subject: string) {
  return outcome.results.find(
    (row) =>
      row.subject === subject && row.concurrency === concurrency && row.metric === 'cpu_us_per_request',
  );
}

/** Adds what admission costs beside the plain pass-through, and whether it is no more than promised. */
function compareWithAdmission(outcome: Outcome, concurrency: number): void {
  const [admission, plain] = ['gateway admission', 'gateway plain'].map((name) =>
    cpuOf(outcome, concurrency, name),
  );
  if (admission === undefined || plain === undefined) return;
  const ratio = Number((admission.value / plain.value).toPrecision(4));
  outcome.results.push({ ...admission, ratio_to: 'gateway plain', ratio });
  outcome.goals.push({
    text: `c=${concurrency}: admission costs ${ratio.toFixed(2)} times the plain gateway's CPU (at most ${ADMISSION_TIMES})`,
    met: ratio <= ADMISSION_TIMES,
  });
}

/** Adds whether the gateway costs no more than it may over the floor. */
function compareWithFloor(outcome: Outcome, concurrency: number): void {
  const [ours, floor] = ['gateway', 'node_floor'].map((name) => cpuOf(outcome, concurrency, name));
  if (ours === undefined || floor === undefined) return;
  const ratio = Number((ours.value / floor.value).toPrecision(4));
  outcome.goals.push({
    text: `c=${concurrency}: the gateway costs ${ratio.toFixed(2)} times the floor's CPU (at most ${FLOOR_TIMES})`,
    met: ratio <= FLOOR_TIMES,
  });
}

/** Adds the SDK gateway's ratio to the gateway, and whether it is the promised one. */
function compareWithSdk(outcome: Outcome, concurrency: number): void {
  const [sdk, ours] = ['sdk_gateway', 'gateway'].map((name) => cpuOf(outcome, concurrency, name));
  if (sdk === undefined || ours === undefined) return;
  const ratio = Number((sdk.value / ours.value).toPrecision(4));
  outcome.results.push({ ...sdk, ratio_to: 'gateway', ratio });
  outcome.goals.push({
    text: `c=${concurrency}: a gateway of SDK objects costs ${ratio.toFixed(1)} times the gateway's CPU (at least ${SDK_TIMES})`,
    met: ratio >= SDK_TIMES,
  });
}
