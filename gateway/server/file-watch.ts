// Watches files by their status: sees an edit, a replaced file and a symbolic link that leads elsewhere.
import type { Stats } from 'node:fs';
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * How often a file's status is asked for, in ms. A poll sees what notifications miss: network file systems, and the
 * link swap by which Kubernetes updates a ConfigMap (the file itself never changes, its directory's target does).
 */
const INTERVAL_MS = 1000;
/** Files that change together, or one that is written in pieces, are taken for one change within this time. */
const SETTLE_MS = 100;

/** Calls `changed` after one of a set of files has changed, come or gone. */
export class FileWatch {
  readonly #changed: () => void;
  /** By path: what its status was. */
  #known: Map<string, string> = new Map();
  readonly #timer: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined = undefined;
  #polling = false;

  constructor(changed: () => void, intervalMs = INTERVAL_MS) {
    this.#changed = changed;
    this.#timer = setInterval(() => void this.#poll(), intervalMs).unref();
  }

  /** Watches these files and no others, each from its present state on. */
  watch(files: Iterable<string>): void {
    const known = this.#known;
    this.#known = new Map();
    for (const file of files) this.#known.set(file, known.get(file) ?? marksNow(file));
  }

  /** Takes the files for known as they are now: whoever is about to read them need not be told of what has changed by now. */
  heed(): void {
    clearTimeout(this.#settling);
    this.#known = new Map(Array.from(this.#known.keys(), (file) => [file, marksNow(file)]));
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    this.#known.clear();
  }

  async #poll(): Promise<void> {
    // A file system that hangs is asked once, not once a second.
    if (this.#polling) return;
    this.#polling = true;
    for (const file of [...this.#known.keys()]) {
      const known = this.#known;
      const marks = await stat(file).then(marksOf, () => '');
      const before = this.#known.get(file);
      // Of a file that was heeded meanwhile the status may be one from before.
      if (known !== this.#known || before === undefined || before === marks) continue;
      this.#known.set(file, marks);
      clearTimeout(this.#settling);
      this.#settling = setTimeout(this.#changed, SETTLE_MS);
    }
    this.#polling = false;
  }
}

function marksNow(file: string): string {
  try {
    return marksOf(statSync(file));
  } catch {
    return '';
  }
}

/** What tells one state of a file from another; the same text for one that is not there. */
function marksOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
