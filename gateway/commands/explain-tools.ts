// Which tools the pools of a configuration list, asked by a gateway that serves nobody.
import type { Config } from '../../config/schema.ts';
import { buildGateway } from '../gateway.ts';
import { Shared } from '../shared.ts';
import { Logger } from '../telemetry/logger.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { version } from '../version.ts';

/** What the tools of a pool say of themselves: whether they are read-only, by name. */
export type ListedTools = ReadonlyMap<string, boolean>;

/** The tools that each pool lists; undefined for a pool that does not answer. */
export async function askForTools(config: Config): Promise<Map<string, ListedTools | undefined>> {
  const logger = new Logger({ level: 'silent', format: 'json' });
  const telemetry = new Telemetry({ logger, version, knowsTool: () => false });
  const shared = new Shared(telemetry, config.redis);
  const gateway = buildGateway(config, shared);
  const asked = [...gateway.pools].map(async ([pool, { catalogue }]) => {
    const answered = await catalogue.refresh().then(
      () => true,
      () => false,
    );
    const tools = [...catalogue.tools.keys()].map((name) => [name, catalogue.isReadOnly(name)] as const);
    return [pool, answered ? new Map(tools) : undefined] as const;
  });
  const tools = new Map(await Promise.all(asked));
  await gateway.close();
  shared.close();
  await telemetry.close();
  return tools;
}
