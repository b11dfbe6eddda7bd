/**
 * What neither compiler nor linter sees: machine paths, the lock file, the message catalogue, the two READMEs, sizes.
 *
 * Reads the files that git tracks. Prints one line for each finding and exits with 1 where there is any.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, errorCodes, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

interface LockEntry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 400;
/** Platforms for which Hardhat's engine must stand in the lock file. */
const ENGINES = 7;
const PUBLIC_REGISTRY = 'https://registry.npmjs.org/';
const SOURCE = /\.(ts|mjs|cjs|sol)$/;
const GENERATED = /\.generated\.ts$|^test\/vectors\//;
const TEXT = /\.(ts|mjs|cjs|sol|json|md|sh|yml|yaml|csv)$|^\.[^/]+$|^\.ci\//;
/** Put together from parts, so that this file does not find itself. */
const MACHINE_PATH = new RegExp(`(?<![\\w.-])/(?:${['work/', 'root/', 'tmp/bash'].join('|')})`);
const UNFINISHED = new RegExp(`\\b(?:TO${'DO'}|FIX${'ME'})\\b`);
const NARROWED_TEST = /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\(|\b(?:only|todo): true\b/;
const LANGUAGES = ['en', 'zh-CN'] as const;

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const texts = new Map(
  tracked.filter((path) => TEXT.test(path)).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** `path:line: finding` for each line of the chosen files that matches. */
function findLines(isChosen: (path: string) => boolean, pattern: RegExp, finding: string): string[] {
  return [...texts]
    .filter(([path]) => isChosen(path))
    .flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${finding}`] : [])),
    );
}

function longFiles(): string[] {
  return [...texts]
    .filter(([path]) => SOURCE.test(path) && !GENERATED.test(path))
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${MAX_LINES}: split it along a noun`);
}

function packagesOf(lockFile: string): Readonly<Record<string, LockEntry>> {
  return (JSON.parse(texts.get(lockFile) ?? '{"packages":{}}') as { packages: Record<string, LockEntry> }).packages;
}

function foreignSources(lockFile: string): string[] {
  return Object.entries(packagesOf(lockFile))
    .filter(([, { resolved, link }]) => link !== true && resolved?.startsWith(PUBLIC_REGISTRY) === false)
    .map(([path]) => `${lockFile}: ${path} was resolved from another place than ${PUBLIC_REGISTRY}`);
}

function engineFindings(): string[] {
  const packages = packagesOf('package-lock.json');
  const engines = Object.keys(packages['node_modules/@nomicfoundation/edr']?.optionalDependencies ?? {});
  const missing = engines.filter((name) => packages[`node_modules/${name}`] === undefined);
  return [
    ...missing.map((name) => `package-lock.json: ${name} is missing; write the lock file under Node 22 or later`),
    ...(engines.length === ENGINES ? [] : [`package-lock.json: ${engines.length} engines, not ${ENGINES}`]),
  ];
}

function placeholders(text: string): string {
  return [...text.matchAll(/\{\w+\}/g)]
    .map(([name]) => name)
    .sort()
    .join(' ');
}

/** Claims of the verifier drop the prefix of their message where they are named. */
function isUsed(code: ErrorCode, sources: string): boolean {
  const names = [code, code.replace(/^CLAIM_/, '')];
  return names.some((name) => new RegExp(`\\b${name}\\b`).test(sources));
}

function messageFindings(): string[] {
  const sources = [...texts]
    .filter(([path]) => path.endsWith('.ts') && !path.startsWith('protocol/messages/') && !path.startsWith('test/'))
    .map(([, text]) => text)
    .join('\n');
  return errorCodes.flatMap((code) => {
    const [english, chinese] = LANGUAGES.map((language) => messageFor(code, {}, language));
    const findings: string[] = [];
    if (!english || !chinese) findings.push(`message ${code}: a language is empty`);
    else if (placeholders(english) !== placeholders(chinese)) findings.push(`message ${code}: other placeholders`);
    if (!isUsed(code, sources)) findings.push(`message ${code}: no source names it`);
    return findings;
  });
}

/** Depths of a document's headings in order, without what stands in code blocks. */
function headingDepths(path: string): number[] {
  const prose = (texts.get(path) ?? '').replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^(#+) /gm)].map(([, marks]) => marks!.length);
}

function readmeFindings(): string[] {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map(headingDepths);
  if (english!.length === 0) return ['README.md: has no heading'];
  if (english!.join() === chinese!.join()) return [];
  return [`README.zh-CN.md: ${chinese!.length} headings, README.md has ${english!.length}; or in another order`];
}

const isAny = () => true;
const findings = [
  ...findLines(isAny, MACHINE_PATH, 'names a path of one machine'),
  ...findLines((path) => SOURCE.test(path), UNFINISHED, 'is unfinished'),
  ...findLines((path) => path.startsWith('test/'), NARROWED_TEST, 'leaves tests out'),
  ...longFiles(),
  ...tracked.filter((path) => path.endsWith('package-lock.json')).flatMap(foreignSources),
  ...engineFindings(),
  ...messageFindings(),
  ...readmeFindings(),
];
for (const finding of findings) process.stderr.write(`${finding}\n`);
process.stderr.write(`${tracked.length} files checked, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
