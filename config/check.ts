/** The rules that involve several fields; each concern's own are in `config/checks/`. */
import { checkClients } from './checks/clients.ts';
import { checkListenerTls } from './checks/listener-tls.ts';
import { checkListeners } from './checks/listeners.ts';
import { readParts } from './checks/parts.ts';
import { checkPools } from './checks/pools.ts';
import { checkRoutes } from './checks/routes.ts';
import { checkSessionKeys } from './checks/session-keys.ts';
import type { Finding } from './problem.ts';

const CHECKS = [checkListeners, checkListenerTls, checkClients, checkSessionKeys, checkPools, checkRoutes];

/** Checks the data of a file between its fields, as far as those are right by themselves; its paths are relative to `dir`. */
export function checkAcrossFields(data: Record<string, unknown>, dir: string): Finding[] {
  const parts = readParts(data, dir);
  return CHECKS.flatMap((check) => check(parts));
}
