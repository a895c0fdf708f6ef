// Process memory: the resident set of this process, which can also be told while no file can be opened.

let lastBytes = process.memoryUsage.rss();

/**
 * Resident memory in bytes. Node reads it from a file on Linux, so without a free descriptor it throws (libuv,
 * `uv_resident_set_memory`): then the last value known is told, since nobody who asks for it may fail over it.
 */
export function residentBytes(): number {
  try {
    lastBytes = process.memoryUsage.rss();
  } catch {
    // Too many files are open: connections that clients hold, most likely.
  }
  return lastBytes;
}
