/** The rules that involve several fields; each concern's own are in `config/checks/`. */
import { checkClients } from './checks/clients.ts';
import { checkListeners } from './checks/listeners.ts';
import { readParts } from './checks/parts.ts';
import { checkPools } from './checks/pools.ts';
import { checkRoutes } from './checks/routes.ts';
import { checkSessionKeys } from './checks/session-keys.ts';
import type { Finding } from './problem.ts';

const CHECKS = [checkListeners, checkClients, checkSessionKeys, checkPools, checkRoutes];

/** Checks the data of a file between its fields, as far as those are right by themselves. */
export function checkAcrossFields(data: Record<string, unknown>): Finding[] {
  const parts = readParts(data);
  return CHECKS.flatMap((check) => check(parts));
}
