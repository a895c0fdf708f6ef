// `node scripts/setup.js FILE ARGS…`: installs what package-lock.json asks for and is missing, then runs FILE on Node 24.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { become, bundledNode, cleanEnv, exitWithoutNode, root, runningNodeIsNewEnough } from './node.js';

/**
 * Reads what a lock file of npm says about each package, by its path in the tree.
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch (error) {
    if (error instanceof SyntaxError || /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT')
      return undefined;
    throw error;
  }
}

/**
 * Says whether node_modules holds what package-lock.json names. npm writes its own record of what it installed as the
 * last step, so an interrupted or a hand-made install is judged rightly, without a marker of ours.
 */
function isInstalled() {
  const installed = readLock('node_modules/.package-lock.json');
  const wanted = readLock('package-lock.json');
  if (installed === undefined || wanted === undefined) return false;
  const complete = Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (found !== undefined) return found.version === entry.version;
    return path === '' || entry.optional === true || entry.devOptional === true;
  });
  return complete && (bundledNode() !== undefined || runningNodeIsNewEnough());
}

function install() {
  const started = Date.now();
  console.error(
    'mcp-gateway: installing the packages of package-lock.json (npm ci, about 500 MB with Node 24) …',
  );
  // npm names itself to the scripts it runs; without a name the one on PATH is taken.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('npm-cli.js') ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (done.error !== undefined || done.status !== 0) {
    console.error(`mcp-gateway: npm ci failed${done.error === undefined ? '' : `: ${done.error.message}`}`);
    process.exit(2);
  }
  console.error(`mcp-gateway: installed in ${Math.round((Date.now() - started) / 1000)} s`);
}

if (!isInstalled()) install();
const node = bundledNode() ?? (runningNodeIsNewEnough() ? process.execPath : exitWithoutNode());
process.chdir(root);
become(node, process.argv.slice(2), cleanEnv());
