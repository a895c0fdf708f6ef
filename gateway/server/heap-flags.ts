// Heap flags: what Node was told about its memory when it was started.

export const MIB = 1024 * 1024;

/** A size that Node was started with, in bytes; the flag gives MiB. */
export function flagBytes(name: string): number | undefined {
  const flags = [...(process.env['NODE_OPTIONS'] ?? '').split(' '), ...process.execArgv];
  const spelled = new RegExp(`^--${name.replaceAll('-', '[-_]')}=(\\d+)$`);
  const given = flags.findLast((flag) => spelled.test(flag));
  return given === undefined ? undefined : Number(spelled.exec(given)?.[1]) * MIB;
}
