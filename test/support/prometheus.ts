// A real Prometheus for tests: scrapes one target each second and answers queries.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findProgram } from '../../scripts/system-packages.ts';
import { freePort } from './free-port.ts';

const program = findProgram(['prometheus']);

/** Path of promtool; undefined where Prometheus is not installed. */
export const promtool = findProgram(['promtool']);

/** Whether this machine has a Prometheus to test with; tests that need it are skipped without. */
export const hasPrometheus = program !== undefined && promtool !== undefined;
if (!hasPrometheus) console.warn('prometheus is not installed: dashboards and alerts are not tested');

/** A running Prometheus. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #url: string;

  private constructor(child: ChildProcess, dir: string, url: string) {
    this.#child = child;
    this.#dir = dir;
    this.#url = url;
  }

  /** Scrapes `target` (host:port) as job `mcp`, with these rule files, evaluated each second. */
  static async start(target: string, ruleTexts: readonly string[]): Promise<Prometheus> {
    const dir = mkdtempSync(join(tmpdir(), 'gateway-prometheus-'));
    const port = await freePort();
    for (const [i, text] of ruleTexts.entries()) writeFileSync(join(dir, `rules-${i}.yaml`), text);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(dir, 'rules-*.yaml')],
      scrape_configs: [{ job_name: 'mcp', static_configs: [{ targets: [target] }] }],
    };
    const file = join(dir, 'prometheus.yml');
    writeFileSync(file, JSON.stringify(config));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn(program as string, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    for await (const line of createInterface(child.stderr)) {
      log += `${line}\n`;
      if (line.includes('Server is ready to receive web requests')) break;
    }
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${log}`);
    child.stderr.resume();
    return new Prometheus(child, dir, `http://127.0.0.1:${port}`);
  }

  /** The number of series that an expression gives now; throws when it is not one. */
  async count(expr: string): Promise<number> {
    const answer = await fetch(`${this.#url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
    });
    const body = (await answer.json()) as { status: string; error?: string; data: { result: unknown[] } };
    if (body.status !== 'success') throw new Error(`${expr}: ${body.error}`);
    return body.data.result.length;
  }

  /** Waits until each expression gives something, and returns those that did not within `withinMs`. */
  async withoutData(exprs: readonly string[], withinMs: number): Promise<string[]> {
    const deadline = performance.now() + withinMs;
    let left = [...exprs];
    for (;;) {
      const counts = await Promise.all(left.map((expr) => this.count(expr)));
      left = left.filter((_, i) => counts[i] === 0);
      if (left.length === 0 || performance.now() > deadline) return left;
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
