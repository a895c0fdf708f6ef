// The listener's certificate: read again when its files change; a pair that does not fit leaves the old one in place.
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { ListenConfig } from '../../config/schema.ts';
import { readSecret } from '../../config/secrets.ts';
import type { Logger } from '../telemetry/logger.ts';
import { FileWatch } from './file-watch.ts';

/** A certificate chain and its private key, as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Both files; paths are relative to the configuration file. */
interface Files {
  readonly cert: string;
  readonly key: string;
}

/** Keeps the certificate as it is in its files. */
export class CertificateFiles {
  /** Told of each pair that takes the place of another. */
  onChange: ((pair: Certificate) => void) | undefined = undefined;
  pair: Certificate;
  #files: Files;
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #watch = new FileWatch(() => this.#changed());

  /** Throws, naming the files, when they cannot be served with. */
  constructor(files: Files, configFile: string | undefined, logger: Logger) {
    this.#files = files;
    this.#dir = configFile === undefined ? '.' : dirname(configFile);
    this.#logger = logger;
    this.pair = this.#read(files);
    this.#follow(files);
  }

  /** Goes over to other files; throws, having changed nothing, when they cannot be served with. */
  use(files: Files): void {
    if (files.cert === this.#files.cert && files.key === this.#files.key) return;
    this.#put(this.#read(files));
    this.#follow(files);
  }

  close(): void {
    this.#watch.close();
  }

  #follow(files: Files): void {
    this.#files = files;
    this.#watch.watch([resolve(this.#dir, files.cert), resolve(this.#dir, files.key)]);
  }

  #changed(): void {
    try {
      this.#put(this.#read(this.#files));
      this.#logger.log({ event: 'certificate_changed' });
    } catch (error) {
      // The two files are seldom replaced in one instant: the second change brings a pair that fits.
      const message = error instanceof Error ? error.message : String(error);
      this.#logger.log({ event: 'certificate_refused', message });
    }
  }

  #put(pair: Certificate): void {
    this.pair = pair;
    this.onChange?.(pair);
  }

  #read(files: Files): Certificate {
    const [cert, key] = [resolve(this.#dir, files.cert), resolve(this.#dir, files.key)];
    const pair = { cert: textOf(cert), key: textOf(key) };
    try {
      createSecureContext(pair);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${cert} and ${key} are no certificate and its key: ${why}`);
    }
    return pair;
  }
}

/** Throws, naming the file, when it cannot be read. */
function textOf(file: string): string {
  const read = readSecret(file);
  if (!read.ok) throw new Error(read.message);
  return read.text;
}

/** The certificate files of a `listen` section; undefined where it serves plain HTTP. Throws when they are no good. */
export function certificateOf(
  { tls }: ListenConfig,
  configFile: string | undefined,
  logger: Logger,
): CertificateFiles | undefined {
  return tls === undefined ? undefined : new CertificateFiles(tls, configFile, logger);
}
