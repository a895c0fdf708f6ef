// Interim responses, upgrades and trailers that nobody asked for.
import type { Faults } from './fault.ts';
import { chunk, JSON_TYPE } from './wire.ts';

const TOO_MANY = 10_000;

/** Such replies by name. */
export const INTERIM: Faults = {
  /** Ten thousand 103 responses (RFC 8297), then the reply. */
  async 'early-hints-flood'({ wire, goodReply }) {
    const hint = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n';
    for (let sent = 0; sent < TOO_MANY; sent += 100) {
      if (!(await wire.send(hint.repeat(100)))) return;
    }
    await wire.reply(200, JSON_TYPE, goodReply);
  },

  /** Ten thousand 100 responses, then the reply. */
  async 'continue-flood'({ wire, goodReply }) {
    await wire.send('HTTP/1.1 100 Continue\r\n\r\n'.repeat(TOO_MANY));
    await wire.reply(200, JSON_TYPE, goodReply);
  },

  async 'upgrade-unasked'({ wire }) {
    await wire.send('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
    await wire.untilGone();
  },

  /** Trailers that would be headers of consequence. */
  async trailers({ wire, goodReply }) {
    const trailer = 'set-cookie, mcp-session-id';
    await wire.head(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked', trailer });
    await wire.send(chunk(goodReply));
    await wire.send('0\r\nset-cookie: a=b\r\nmcp-session-id: stolen\r\n\r\n');
  },

  /** A trailer that contradicts the framing, which RFC 9110 6.5.1 forbids. */
  async 'trailer-framing'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked', trailer: 'content-length' });
    await wire.send(chunk(goodReply));
    await wire.send('0\r\ncontent-length: 1\r\n\r\n');
  },
};
