// Writes the dashboards and the page of metrics from their tables; with `--check` only says what drifted.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../node.js';
import { datadogDashboard } from './datadog.ts';
import { grafanaDashboard } from './grafana.ts';
import { metricsPage } from './metrics-page.ts';

const files: readonly (readonly [path: string, text: string])[] = [
  ['docs/metrics.md', metricsPage()],
  ['deploy/grafana/mcp-gateway.json', grafanaDashboard()],
  ['deploy/datadog/dashboard.json', datadogDashboard()],
];

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv.includes('--check')) {
  const drifted = files.filter(([path, text]) => current(path) !== text);
  for (const [path] of drifted) console.error(`${path} is out of date: run npm run docs`);
  process.exitCode = drifted.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of files) writeFileSync(join(root, path), text);
}
