/** Loads gateway.yaml: the parsed configuration, or every problem of the file at once. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { listenerTlsFiles } from './checks/listener-tls.ts';
import type { Env } from './interpolate.ts';
import type { Position } from './locate.ts';
import { locate } from './locate.ts';
import { isMap, valueAt } from './paths.ts';
import type { Finding, Path, Problem } from './problem.ts';
import { formatPath } from './problem.ts';
import type { Config } from './schema.ts';
import { sections } from './schema.ts';
import { errorCode, readSecretFiles } from './secrets.ts';
import { validate } from './validate.ts';
import { warningsOf } from './warnings.ts';
import { MAX_FILE_BYTES, readYaml } from './yaml-document.ts';
import { readValues } from './yaml-values.ts';

/** `files` are the absolute paths of the secrets named, `certificate` those of the files of `listen.tls`, `warnings` what may surprise, `unfit` what is wrong with files of certificates where that is told and not refused; `positionOf` finds a path's line in the file, and `isGiven` says whether it is there. */
export interface Loaded {
  ok: true;
  config: Config;
  files: string[];
  certificate: string[];
  warnings: Problem[];
  unfit: Problem[];
  positionOf(path: Path): Position;
  isGiven(path: Path): boolean;
}

/** `admin` is that section where it is right by itself: a gateway that runs can then still be asked. */
export interface NotLoaded {
  ok: false;
  problems: Problem[];
  files: string[];
  certificate: string[];
  admin: Config['admin'] | undefined;
}

export type LoadResult = Loaded | NotLoaded;

/** `env` holds the variables that a file may use; what is not served with it may name certificates that cannot be used. */
export interface LoadOptions {
  env: Env;
  unfitCertificates?: 'refused' | 'told';
  /** The file has been read before: a pipe would keep a process that serves waiting for a writer. */
  again?: boolean;
}

/** Loads a file. Reads synchronously: once at start and at each reload. */
export function loadConfig(file: string, options: LoadOptions): LoadResult {
  let text: string;
  try {
    const stats = statSync(file);
    if (options.again && !stats.isFile())
      return unreadable(file, 'is not a regular file: put one in its place');
    if (stats.size > MAX_FILE_BYTES) return unreadable(file, 'is larger than 1MiB');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return unreadable(file, `cannot be read: ${errorCode(error)}`);
  }
  return parseConfig(text, { ...options, file, dir: dirname(file) });
}

/** Parses the text of a file; `dir` is where `{ file: PATH }` is relative to. */
export function parseConfig(text: string, options: LoadOptions & { file: string; dir: string }): LoadResult {
  const { file, env, dir, unfitCertificates = 'refused' } = options;
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) return unreadable(file, 'is larger than 1MiB');
  const { document, lines, findings: syntax, readable } = readYaml(text);
  const findings = [...syntax];
  let data: unknown;
  let config: Config | undefined;
  let files: string[] = [];
  if (readable) {
    const values = readValues(document, env);
    data = values.data;
    findings.push(...values.findings);
    if (isMap(values.data)) {
      const secrets = readSecretFiles(values.data, dir);
      files = secrets.files;
      findings.push(...secrets.findings);
      const validated = validate(values.data, { interpolated: values.interpolated, dir, earlier: findings });
      config = validated.config;
      findings.push(...validated.findings);
    } else if (values.findings.length === 0) {
      findings.push({
        path: [],
        message: values.data === null ? 'the file is empty' : 'the file must be a map',
      });
    }
  }
  const toProblems = (all: readonly Finding[]) =>
    all.map((one) => toProblem(file, one, locate(document, lines, one))).toSorted(byPosition);
  const certificate = listenerTlsFiles(data, dir);
  const isTold = ({ ofCertificate }: Finding) => unfitCertificates === 'told' && ofCertificate === true;
  const refused = findings.filter((finding) => !isTold(finding));
  if (config && refused.length === 0) {
    return {
      ok: true,
      config,
      files,
      certificate,
      warnings: toProblems(warningsOf(config)),
      unfit: toProblems(findings.filter(isTold)),
      positionOf: (path) => locate(document, lines, { path, message: '' }),
      isGiven: (path) => valueAt(data, path) !== undefined,
    };
  }
  const admin =
    isMap(data) && !findings.some(({ path }) => path[0] === 'admin')
      ? sections.shape.admin.safeParse(data['admin']).data
      : undefined;
  return { ok: false, problems: toProblems(refused), files, certificate, admin };
}

function toProblem(file: string, finding: Finding, { line, column }: Position): Problem {
  const { path, message, hint } = finding;
  return {
    file,
    line,
    column,
    path: formatPath(path) || 'yaml',
    message,
    ...(hint !== undefined && { hint }),
  };
}

function unreadable(file: string, message: string): LoadResult {
  return {
    ok: false,
    problems: [{ file, line: 1, column: 1, path: 'file', message }],
    files: [],
    certificate: [],
    admin: undefined,
  };
}

function byPosition(left: Problem, right: Problem): number {
  return left.line - right.line || left.column - right.column;
}
