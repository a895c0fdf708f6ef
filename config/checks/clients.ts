/** Rules between `clients` and `auth`. */
import { createHash } from 'node:crypto';
import type { Finding } from '../problem.ts';
import type { Parts } from './parts.ts';

/** Checks that ids and keys are unique and that a required credential can be had. */
export function checkClients({ auth, clients }: Parts): Finding[] {
  if (!clients) return [];
  const ids = clients.map((client) => client.id);
  const digests = clients.map((client) => client.api_key_sha256?.toLowerCase() ?? digest(client.api_key));
  const findings: Finding[] = [];
  for (const [index, client] of clients.entries()) {
    const first = ids.indexOf(client.id);
    if (first !== index) {
      findings.push({
        path: ['clients', index, 'id'],
        message: `is the id of clients[${first}] too: ${client.id}`,
      });
    }
    if (client.api_key !== undefined && client.api_key_sha256 !== undefined) {
      findings.push({
        path: ['clients', index, 'api_key_sha256'],
        at: 'key',
        message: 'must not stand beside api_key',
        hint: 'keep one of them',
      });
    }
    const holder = digests.indexOf(digests[index]);
    if (digests[index] !== undefined && holder !== index) {
      findings.push({ path: ['clients', index], message: `has the key of clients[${holder}]` });
    }
  }
  const reachable = auth?.jwt !== undefined || digests.some((value) => value !== undefined);
  if (auth?.mode === 'required' && !reachable) {
    findings.push({
      path: ['auth', 'mode'],
      message: 'is required, but no caller could get in',
      hint: 'add auth.jwt, or clients with an api_key',
    });
  }
  return findings;
}

function digest(key: string | undefined): string | undefined {
  return key === undefined ? undefined : createHash('sha256').update(key).digest('hex');
}
