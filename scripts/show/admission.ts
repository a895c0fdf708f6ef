// Shows what admission promises at full size: `node scripts/show/admission.ts [CASE ...]`, all cases without arguments.
import { aborts, exports, flood, greedy } from './admission/one-gateway.ts';
import { progress } from './admission/progress.ts';
import { twoGateways } from './admission/two-gateways.ts';
import { Fleet } from './fleet.ts';

const cases: Record<string, (fleet: Fleet) => Promise<object>> = {
  greedy: (fleet) => greedy(fleet),
  two_gateways: (fleet) => twoGateways(fleet),
  aborts: (fleet) => aborts(fleet),
  progress: (fleet) => progress(fleet),
  exports: (fleet) => exports(fleet),
  flood: (fleet) => flood(fleet),
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(cases)) {
  const show = cases[name];
  if (show === undefined) throw new Error(`no case ${name}; there are ${Object.keys(cases).join(' ')}`);
  const fleet = new Fleet();
  const startedAt = performance.now();
  try {
    const figures = await show(fleet);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(JSON.stringify({ case: name, seconds, ...figures }, null, 2));
  } finally {
    await fleet.close();
  }
}
process.exit(0);
