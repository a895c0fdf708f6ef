// Revisions of the protocol, by their dates: ISO dates, which compare as text.

/** Every revision that the specification has had, oldest first. */
export const revisions: readonly string[] = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
];

/** The revision if the specification has it: what a client claims can be any text. */
export function knownRevision(revision: string | undefined): string | undefined {
  return revisions.find((one) => one === revision);
}

/** Those at which something changes for the gateway. */
export const Revision = {
  /** The first in which results of tools have structured content and links to resources. */
  structured: '2025-06-18',
  /** The last of the sessionful era. */
  sessionful: '2025-11-25',
  /** The first of the stateless era. */
  stateless: '2026-07-28',
} as const;
