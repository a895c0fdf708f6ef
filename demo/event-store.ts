// An in-memory event store for resumable SSE streams: what a client missed is replayed after Last-Event-ID.
import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

type StoredMessage = Parameters<EventStore['storeEvent']>[1];

interface StoredEvent {
  id: string;
  streamId: string;
  message: StoredMessage;
}

/** An EventStore that keeps the newest `capacity` events of one session; ids are unique within the session. */
export class MemoryEventStore implements EventStore {
  readonly #events: StoredEvent[] = [];
  readonly #capacity: number;
  #stored = 0;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  async storeEvent(streamId: string, message: StoredMessage): Promise<string> {
    const id = `${streamId}/${++this.#stored}`;
    this.#events.push({ id, streamId, message });
    if (this.#events.length > this.#capacity) this.#events.shift();
    return id;
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return this.#events.find((event) => event.id === eventId)?.streamId;
  }

  /**
   * Replays what followed `lastEventId` on that event's own stream and returns the stream's id. A priming event
   * (2025-11-25 basic/transports) is stored as an empty object: it marks a place and is not sent again.
   */
  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: StoredMessage) => Promise<void> },
  ): Promise<string> {
    const last = this.#events.findIndex((event) => event.id === lastEventId);
    const streamId = this.#events[last]?.streamId ?? '';
    const missed = last < 0 ? [] : this.#events.slice(last + 1);
    for (const { id, message } of missed.filter((event) => event.streamId === streamId)) {
      if (Object.keys(message).length > 0) await send(id, message);
    }
    return streamId;
  }
}
