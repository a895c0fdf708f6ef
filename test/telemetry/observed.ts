// Sends exchanges through the observe stage by hand, and reads what telemetry then shows and logs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Exchange } from '../../gateway/core/exchange.ts';
import type { Reply } from '../../gateway/core/reply.ts';
import type { Handler } from '../../gateway/core/stage.ts';
import type { LogFormat } from '../../gateway/telemetry/log-format.ts';
import { Logger } from '../../gateway/telemetry/logger.ts';
import { Telemetry } from '../../gateway/telemetry/telemetry.ts';
import { makeReply } from '../core/make-reply.ts';

export interface Observed {
  readonly telemetry: Telemetry;
  /** Runs the exchange through the stage of pool `search` around `last`, then ends it and records it. */
  run(x: Exchange, last?: Handler): Promise<Reply>;
  /** Lines of /metrics that begin with `name`, without comments. */
  metric(name: string): Promise<string[]>;
  /** Ends the log and gives its lines. */
  lines(): Promise<string[]>;
}

export const ok = makeReply();

/** Telemetry that knows the tool `echo`, logging to a file. */
export function observed(format: LogFormat = 'json'): Observed {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-telemetry-'));
  const file = join(dir, 'log');
  const logger = new Logger({ level: 'info', format, to: file });
  const telemetry = new Telemetry({
    logger,
    version: '1.2.3',
    knowsTool: (pool, tool) => pool === 'search' && tool === 'echo',
    knowsPrompt: (pool, prompt) => pool === 'search' && prompt === 'greet',
  });
  onTestFinished(async () => {
    await telemetry.close();
    await logger.close();
    rmSync(dir, { recursive: true });
  });
  return {
    telemetry,
    async run(x, last = async () => ok) {
      const answered = async () => telemetry.observe('search')(last)(x);
      const reply = await answered().catch((thrown: unknown) => telemetry.rescue(x, thrown));
      x.close();
      telemetry.flush();
      return reply;
    },
    async metric(name) {
      const text = await telemetry.render();
      return text.split('\n').filter((line) => line.startsWith(name));
    },
    async lines() {
      await logger.close();
      return readFileSync(file, 'utf8').split('\n').slice(0, -1);
    },
  };
}
