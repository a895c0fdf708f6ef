// Edited streams: the reader's pace goes through them, whoever says that the source may go on.
import { expect, it } from 'vitest';
import { EditedStream } from '../../gateway/core/edited-stream.ts';
import type { Sink } from '../../gateway/core/reply.ts';

it('a stream whose reader was slow, and has gone, takes what comes after its source was resumed', () => {
  let into: Sink | undefined;
  const source = { start: (sink: Sink) => (into = sink), resume: () => undefined, atBoundary: true };
  const asIs = {
    piece: (piece: Buffer, _ends: boolean, write: (bytes: Buffer) => void) => write(piece),
    flush: () => undefined,
    midEvent: false,
  };
  const edited = new EditedStream(source, asIs);
  let reads = false;
  edited.start({ write: () => reads, end: () => undefined, fail: () => undefined });
  const event = Buffer.from('data: {}\n\n');
  expect(into?.write(event)).toBe(false);
  // Whoever reads says so to the source alone.
  reads = true;
  expect(into?.write(event)).toBe(true);
});
