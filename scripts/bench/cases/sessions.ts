// `sessions`: the same call in legacy (2025-11-25) sessions, opened through each subject by `initialize`.
import type { BenchCase, Outcome } from '../bench-case.ts';
import { INITIALIZE, initialized, legacyLookup, toHttpRequest } from '../calls.ts';
import { startContenders } from '../contenders.ts';
import { measureCalls } from '../measure-calls.ts';
import { post, proveCall, waitUntilServed } from '../post.ts';
import { planFor } from '../subject.ts';
import { direct } from '../subjects/direct.ts';
import { gateway } from '../subjects/gateway.ts';
import { haproxy } from '../subjects/haproxy.ts';
import { nginx } from '../subjects/nginx.ts';
import { nodeFloor } from '../subjects/node-floor.ts';
import { startStaticUpstream } from '../upstream/static-upstream.ts';

const SESSIONS = 64;

export const sessions: BenchCase = {
  name: 'sessions',
  about: `a tools/call in ${SESSIONS} legacy sessions; the baselines only carry the header`,
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const plan = planFor(await startStaticUpstream(lab), 'legacy');
    const entries = [direct, nginx, haproxy, nodeFloor, gateway].map((subject) => ({
      subject,
      prepare: openSessions,
    }));
    const contenders = await startContenders(lab, settings, plan, entries, outcome);
    await measureCalls(lab, settings, 'sessions', [16, 64], contenders, outcome);
    return outcome;
  },
};

/** Opens the sessions one by one and returns a request in each. */
async function openSessions(port: number): Promise<string[]> {
  await waitUntilServed(port, INITIALIZE);
  const requests: string[] = [];
  while (requests.length < SESSIONS) {
    const { status, session, body } = await post(port, INITIALIZE);
    if (session === undefined) throw new Error(`initialize gave no session: ${status} ${body.slice(0, 300)}`);
    await post(port, initialized(session));
    requests.push(toHttpRequest(legacyLookup(session), port));
    if (requests.length === 1) await proveCall(port, legacyLookup(session));
  }
  return requests;
}
