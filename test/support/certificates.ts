// Makes certificates for tests with the system's OpenSSL: self-signed, for localhost, on an elliptic curve.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface CertificatePaths {
  readonly cert: string;
  readonly key: string;
}

/** Writes a self-signed certificate for localhost and its key into `dir`, over what is there. */
export function makeCertificate(dir: string, name = 'tls'): CertificatePaths {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-days', '2', ...subject, '-keyout', key, '-out', cert],
    {
      stdio: 'pipe',
    },
  );
  return { cert, key };
}
