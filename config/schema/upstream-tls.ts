/** The `tls` section of a pool: how https endpoints are believed, and what they are shown. */
import { z } from 'zod';
import { host, secret } from './fields.ts';

export const upstreamTls = z.strictObject({
  ca: secret()
    .optional()
    .describe(
      "Path of the PEM file with the authorities that may vouch for the servers, instead of the system's.",
    ),
  cert: secret()
    .optional()
    .describe('Path of the PEM file with the certificate chain to show to the servers.'),
  key: secret().optional().describe('Path of the PEM file with the private key of cert.'),
  server_name: host()
    .optional()
    .describe("Name that the servers' certificates must hold. When absent: the host of the URL."),
});
