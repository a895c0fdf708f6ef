// `serve`: runs the gateway until it is told to stop.
import type { Command } from 'commander';
import type { ConfigSource } from '../server/reload.ts';
import type { RunningGateway } from '../server/run.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, sourceOrReport, withConfigFile } from './config-file.ts';
import { handleSignals } from './signals.ts';

const FAILED = 1;

/** How long exchanges in flight may take when the process must end because its state is unknown, in ms. */
const CRASH_DRAIN_MS = 5000;

/** Adds `serve` to the program. */
export function addServe(program: Command): void {
  withConfigFile(program.command('serve', { isDefault: true }))
    .description('run the gateway')
    .action(async ({ config: file }: ConfigFileOptions) => {
      const source = sourceOrReport(file);
      if (source === undefined) process.exitCode = BAD_CONFIG;
      else await serve(source);
    });
}

interface ServeOptions {
  readonly started?: (running: RunningGateway) => void;
  /** Stopped after the gateway. */
  readonly also?: () => Promise<void>;
}

/**
 * Runs until SIGTERM or SIGINT, then drains; a second signal stops at once. SIGHUP reads the configuration again. Signals
 * that come during the start take effect at its end. An exception that nobody caught leaves a state that nobody knows: the
 * process drains shortly and exits 1.
 */
export async function serve(source: ConfigSource, { started, also }: ServeOptions = {}): Promise<void> {
  let running: RunningGateway | undefined;
  let stopping = false;
  let reload = false;
  handleSignals((name) => {
    if (name === 'SIGHUP') {
      if (running === undefined) reload = true;
      else void running.reload('signal');
      return;
    }
    if (stopping) process.exit(FAILED);
    stopping = true;
    if (running !== undefined) stop(running, 0);
  });
  // Loaded here and not above: every other command would pay for it at its start.
  const [{ run }, { Logger }, { boundHeapGrowth }] = await Promise.all([
    import('../server/run.ts'),
    import('../telemetry/logger.ts'),
    import('../server/heap-growth.ts'),
  ]);
  boundHeapGrowth();
  const logger = new Logger(source.config.log);
  const stop = (gateway: RunningGateway, exitCode: number, withinMs?: number) => {
    stopping = true;
    const stopped = async () => {
      await gateway.stop(withinMs);
      await also?.();
      await logger.close();
      process.exit(exitCode);
    };
    stopped().catch(() => process.exit(FAILED));
  };
  let gateway: RunningGateway;
  try {
    gateway = await run(source, logger);
  } catch (error) {
    process.stderr.write(`The gateway could not start: ${error instanceof Error ? error.message : error}\n`);
    await also?.();
    await logger.close();
    // Whatever may be left of the start must not keep up a process that serves nothing.
    process.exit(FAILED);
  }
  if (stopping) return stop(gateway, 0, 0);
  running = gateway;
  const onCrash = (error: unknown) => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    logger.log({ event: 'crashed', message, stack });
    if (stopping) return;
    setTimeout(() => process.exit(FAILED), CRASH_DRAIN_MS).unref();
    stop(gateway, FAILED, CRASH_DRAIN_MS / 2);
  };
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  if (reload) void gateway.reload('signal');
  started?.(gateway);
}
