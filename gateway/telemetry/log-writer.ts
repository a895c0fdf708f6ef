// Log writers: how bytes get out of the process, by the kind of what is at the other end.
import { closeSync, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Takes one piece of bytes at a time. */
export interface LogWriter {
  /** Writes all of `bytes`, then calls `done`, with the error if they did not get out. */
  write(bytes: Buffer, done: (error: Error | null | undefined) => void): void;
  /** Writes as much as goes at once; throws when nothing does. */
  writeNow(bytes: Buffer): void;
  close(): void;
}

const STDOUT = 1;
/** Pause before a terminal that takes nothing is tried again, in ms. */
const RETRY_MS = 50;

/** Opens a file by its path, or takes an open file descriptor. */
export function openLogWriter(to: number | string): LogWriter {
  const fd = typeof to === 'string' ? openSync(to, 'a') : to;
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? pipeWriter(fd) : fileWriter(fd, typeof to === 'string');
}

/**
 * For pipes, whose reader may stop reading: written to when the event loop finds them ready. A write in the thread pool
 * would wait for that reader for ever, and the process could not even exit.
 */
function pipeWriter(fd: number): LogWriter {
  const socket = fd === STDOUT ? process.stdout : new Socket({ fd, readable: false, writable: true });
  // Each write is told of its error; without a listener it would end the process besides.
  if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
  return {
    write: (bytes, done) => void socket.write(bytes, done),
    writeNow: (bytes) => void writeSync(fd, bytes),
    close: () => {
      if (fd !== STDOUT) socket.destroy();
    },
  };
}

function ignore(): void {}

function fileWriter(fd: number, isOwn: boolean): LogWriter {
  const writer: LogWriter = {
    write(bytes, done) {
      write(fd, bytes, (error, written) => {
        if (error?.code === 'EAGAIN') setTimeout(() => writer.write(bytes, done), RETRY_MS).unref();
        else if (error === null && written < bytes.length) writer.write(bytes.subarray(written), done);
        else done(error);
      });
    },
    writeNow: (bytes) => void writeSync(fd, bytes),
    close: () => {
      if (isOwn) closeSync(fd);
    },
  };
  return writer;
}
