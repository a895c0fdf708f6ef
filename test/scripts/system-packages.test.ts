// System packages that are missing: installed where that is allowed, named where it is not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemPackages } from '../../scripts/system-packages.ts';

const source = new URL('../../scripts/system-packages.ts', import.meta.url);
const names = systemPackages.map(({ name }) => name);

/** Runs the installer with a PATH that holds nothing but this apt-get; `left` is what it says is still missing. */
function ensureWith(aptGet: string | undefined): { said: string; left: string[] } {
  const dir = mkdtempSync(join(tmpdir(), 'mcp-gateway-apt-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  if (aptGet !== undefined)
    writeFileSync(join(dir, 'apt-get'), `#!/bin/sh\ncd ${dir}\n${aptGet}`, { mode: 0o755 });
  const code = `import { ensureSystemPackages } from '${source.href}';
    console.log('left ' + ensureSystemPackages().map(({ name }) => name).join());`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: dir },
    encoding: 'utf8',
  });
  return { said, left: (/^left (.*)$/m.exec(said)?.[1] ?? '').split(',').filter((name) => name !== '') };
}

const installs =
  'for p in "$@"; do case $p in -*|install) ;; *) printf "#!/bin/sh\\n" > $p; /bin/chmod +x $p ;; esac; done';

it('without apt-get they are named, loudly, and counted', () => {
  const { said, left } = ensureWith(undefined);
  expect(left).toEqual(names);
  expect(said).toContain(`MISSING ${names.join(', ')}`);
});

it.skipIf(process.getuid?.() !== 0)('root gets them from apt-get', () => {
  expect(ensureWith(installs).left).toEqual([]);
});

it.skipIf(process.getuid?.() !== 0)('the package lists are fetched when a first try fails', () => {
  expect(
    ensureWith(`[ "$1" = update ] && : > lists && exit 0; [ -e lists ] || exit 100; ${installs}`).left,
  ).toEqual([]);
});

it.skipIf(process.getuid?.() !== 0)(
  'a failing apt-get is quoted, and what it did not bring is counted',
  () => {
    const { said, left } = ensureWith('echo "no network" >&2; exit 100');
    expect(left).toEqual(names);
    expect(said).toContain('no network');
  },
);
