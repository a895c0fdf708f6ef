// Reads whole event streams as text: for the few places that have one in hand and need not be fast.

/** An event: its data, undefined where it has none, and its lines as they came. */
export interface SseEvent {
  readonly data: string | undefined;
  readonly raw: string;
}

/** The events of a stream (WHATWG HTML, "Server-sent events"); what no blank line ends is taken for one, too. */
export function eventsOf(stream: string): SseEvent[] {
  const blocks = stream.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n\n');
  return blocks.map((raw) => {
    const data = raw
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(line[5] === ' ' ? 6 : 5));
    return { data: data.length === 0 ? undefined : data.join('\n'), raw };
  });
}
