// Reads a Dockerfile, and does without an engine what it says: each stage becomes a folder that stands for its root.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** One instruction; `args` is everything behind its keyword, with continued lines joined. */
export interface Instruction {
  readonly keyword: string;
  readonly args: string;
}

/** A stage: what stands between one FROM and the next; `name` is what `COPY --from` calls it. */
export interface Stage {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** What a container would run: a command, its environment and its user, with paths inside `root`. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly stopSignal: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Splits a Dockerfile into its stages. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword = '', args = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (keyword === 'FROM') stages.push({ name: / AS (\S+)$/i.exec(args)?.[1] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push({ keyword, args });
  }
  return stages;
}

/** The files of the build context that the stages copy. */
export function copiedFiles(stages: readonly Stage[]): string[] {
  return stages
    .flatMap((stage) => stage.instructions)
    .filter(({ keyword, args }) => keyword === 'COPY' && !args.startsWith('--from='))
    .flatMap(({ args }) => args.split(/\s+/).slice(0, -1));
}

/** Carries out the Dockerfile's stages below a temporary folder, with `node` as the Node of the base image. */
export function buildImage(stages: readonly Stage[], context: string, node: string): Image {
  const base = mkdtempSync(join(tmpdir(), 'mcp-gateway-image-'));
  chmodSync(base, 0o755);
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const [index, stage] of stages.entries()) {
    const root = join(base, String(index));
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    copyFileSync(node, join(root, 'usr/local/bin/node'));
    roots.set(stage.name, root);
    image = buildStage(stage, root, context, roots);
  }
  if (image === undefined) throw new Error('the Dockerfile has no stage');
  return image;
}

function buildStage(stage: Stage, root: string, context: string, roots: Map<string, string>): Image {
  const inside = (path: string): string => join(root, path);
  const execForm = (json: string): string[] =>
    (JSON.parse(json) as string[]).map((arg) => arg.replace(/^\//, `${root}/`));
  let workdir = root;
  const image = {
    root,
    env: {} as Record<string, string>,
    uid: 0,
    stopSignal: '',
    entrypoint: [''],
    cmd: [''],
    healthcheck: [''],
  };
  const doing: Record<string, (args: string) => void> = {
    WORKDIR: (args) => {
      workdir = inside(args);
      mkdirSync(workdir, { recursive: true });
    },
    ENV: (args) => {
      const [name = '', value = ''] = args.split('=');
      image.env[name] = value.replace(/^\//, `${root}/`);
    },
    COPY: (args) =>
      copy(args, (path) => (path.startsWith('/') ? inside(path) : join(workdir, path)), context, roots),
    RUN: (args) => run(args.replace(/(?<=\s)\/(?=\w)/g, `${root}/`), workdir, root),
    USER: (args) => {
      image.uid = Number(args.split(':')[0]);
    },
    EXPOSE: () => undefined,
    STOPSIGNAL: (args) => {
      image.stopSignal = args;
    },
    HEALTHCHECK: (args) => {
      image.healthcheck = execForm(args.slice(args.indexOf('CMD') + 3));
    },
    ENTRYPOINT: (args) => {
      image.entrypoint = execForm(args);
    },
    CMD: (args) => {
      image.cmd = execForm(args);
    },
  };
  for (const { keyword, args } of stage.instructions) {
    const step = doing[keyword];
    if (step === undefined) throw new Error(`the Dockerfile uses ${keyword}, which its test does not know`);
    step(args);
  }
  return { ...image, workdir };
}

function copy(
  args: string,
  place: (path: string) => string,
  context: string,
  roots: Map<string, string>,
): void {
  const words = args.split(/\s+/);
  const from = words[0]?.startsWith('--from=')
    ? roots.get(words.shift()?.slice('--from='.length) ?? '')
    : context;
  const to = words.pop() ?? '';
  for (const source of words) {
    if (from === undefined || !existsSync(join(from, source))) throw new Error(`COPY ${args}: no ${source}`);
    cpSync(join(from, source), place(to.endsWith('/') ? join(to, basename(source)) : to), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

function run(command: string, cwd: string, root: string): void {
  const env = {
    ...process.env,
    PATH: `${join(root, 'usr/local/bin')}:${process.env['PATH'] ?? ''}`,
    npm_config_prefer_offline: 'true',
  };
  const done = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`RUN ${command}: ${done.stderr}`);
}
