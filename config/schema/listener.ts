/** The `listen` and `admin` sections: where the gateway and its control surface are reached. */
import { z } from 'zod';
import { count, host, httpUrl, pattern, port, secret, size } from './fields.ts';

const tls = z
  .strictObject({
    cert: z.string().min(1).describe('Path of the PEM file with the certificate chain.'),
    key: z.string().min(1).describe('Path of the PEM file with the private key.'),
  })
  .describe('Serves https. Both files are read again when they change.');

export const listen = z
  .strictObject({
    host: host().prefault('127.0.0.1').describe('Address to listen on; 0.0.0.0 is every IPv4 interface.'),
    port: port().prefault(8080).describe('TCP port to listen on; 0 lets the system choose.'),
    public_url: httpUrl()
      .optional()
      .describe('URL under which clients reach the gateway. When absent: http://localhost and the port.'),
    tls: tls.optional(),
    allowed_hosts: z
      .array(pattern(/^[A-Za-z0-9._:[\]-]+$/, 'must be a host name, with a port if it needs one'))
      .prefault([])
      .describe(
        'Host headers that are answered. Empty: any, but only loopback names when bound to loopback, against DNS rebinding.',
      ),
    allowed_origins: z
      .array(
        pattern(
          /^https?:\/\/[A-Za-z0-9._:[\]-]+$/,
          'must be an origin',
          'scheme, host and port only, for example https://app.example.com',
        ),
      )
      .prefault([])
      .describe("Browsers' Origin headers that are answered besides the gateway's own host; others get 403."),
    trusted_proxies: z
      .array(z.string())
      .prefault([])
      .describe('Networks in CIDR form whose X-Forwarded-For is believed, for example 10.0.0.0/8.'),
    max_body: size({ min: 1024 })
      .prefault('4MiB')
      .describe('Largest request body, in bytes with a unit; larger ones get 413.'),
    max_connections: z
      .union([count(1, 1_000_000), z.literal('auto')], {
        error: 'must be a number of connections from 1 to 1000000, or auto',
      })
      .prefault('auto')
      .describe(
        'Connections that clients may hold; further ones are refused. auto: what the limit of open files leaves when each has one to an upstream.',
      ),
    workers: z
      .union([count(1, 256), z.literal('auto')], {
        error: 'must be a number of processes from 1 to 256, or auto',
      })
      .prefault(1)
      .describe('Processes that share the port; auto is one for each core.'),
  })
  .prefault({})
  .describe('The public listener, which clients connect to.');

export const admin = z
  .strictObject({
    host: host().prefault('127.0.0.1').describe('Address of the admin listener.'),
    port: port().prefault(9090).describe('TCP port of the admin listener; 0 lets the system choose.'),
    token: secret()
      .transform((text) => (text === '' ? undefined : text))
      .optional()
      .describe(
        'Bearer token for everything that changes state. Required when host is not loopback; empty is the same as absent.',
      ),
  })
  .prefault({})
  .describe('Health, metrics, the page and control, never on the public listener.');
