#!/usr/bin/env node
// The `mcp-gateway` command: plain JS, so that an old Node can start it too and hand over to the one npm brought.
import { fileURLToPath } from 'node:url';
import { become, bundledNode, exitWithoutNode, runningNodeIsNewEnough } from './node.js';

const main = new URL('../gateway/main.ts', import.meta.url);

if (runningNodeIsNewEnough()) {
  await import(main.href);
} else {
  const node = bundledNode() ?? exitWithoutNode();
  become(node, [fileURLToPath(main), ...process.argv.slice(2)]);
}
