/**
 * After `npm install` or `npm ci`: sees to it that Hardhat's native engine is there.
 *
 * The engine (`@nomicfoundation/edr-<platform>`) is an optional dependency that asks for Node 22 or later, so an npm that
 * runs on an older Node leaves it out without a word, and Hardhat dies with HHE27 at its first use. The repository brings
 * its own Node (npm package `node`); where the engine is missing, the npm that is running is run once more under that one.
 *
 * Plain JavaScript, because the machine's own Node runs it, which may be 20. Never changes package.json or the lock file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const GUARD = 'SEALEDGER_POSTINSTALL';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const ownNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Fields of an installed package, or undefined where it is not installed. */
function installedPackage(name) {
  const file = join(modules, name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** `gnu` or `musl` on Linux, `msvc` on Windows, nothing on macOS: the last part of the engine's package name. */
function abi() {
  if (process.platform === 'win32') return '-msvc';
  if (process.platform !== 'linux') return '';
  return process.report.getReport().header.glibcVersionRuntime === undefined ? '-musl' : '-gnu';
}

/** Where the engine stands: `present`, `missing`, `unsupported` on this platform, or `unused` without Hardhat. */
function engineState() {
  const engine = installedPackage('@nomicfoundation/edr');
  if (engine === undefined) return 'unused';
  const name = `@nomicfoundation/edr-${process.platform}-${process.arch}${abi()}`;
  const wanted = engine.optionalDependencies?.[name];
  if (wanted === undefined) return 'unsupported';
  return installedPackage(name)?.version === wanted ? 'present' : 'missing';
}

function say(text) {
  process.stderr.write(`sealedger: ${text}\n`);
}

/** Runs the npm that is running under the repository's own Node. @returns whether the engine is there afterwards. */
function installUnderOwnNode() {
  const npm = process.env.npm_execpath;
  if (npm === undefined || !/npm-cli\.[cm]?js$/.test(npm)) {
    say('this was not started by npm; run `npm install` in the repository.');
    return false;
  }
  if (!existsSync(ownNode)) {
    say('the npm package `node` has no Node in it: its install script did not run. Allow scripts and install again.');
    return false;
  }
  say("Hardhat's native engine was left out by this Node; installing it under the repository's own Node.");
  const options = ['--no-save', '--ignore-scripts=false', '--no-audit', '--no-fund'];
  const env = { ...process.env, [GUARD]: '1' };
  const { status, error } = spawnSync(ownNode, [npm, 'install', ...options], { cwd: root, env, stdio: 'inherit' });
  if (error !== undefined) say(`npm could not be started: ${error.message}`);
  return status === 0 && engineState() === 'present';
}

function main() {
  if (process.env[GUARD] === '1') return 0;
  const state = engineState();
  if (state === 'unsupported') {
    say(`Hardhat has no engine for ${process.platform}-${process.arch}: use a chain that runs elsewhere (--rpc).`);
    return 0;
  }
  if (state !== 'missing' || installUnderOwnNode()) return 0;
  say("Hardhat's native engine is still missing: the embedded chain and the contract tests cannot run.");
  say("With Node 22 or later as the machine's own, or `npx -y -p node@24 -- npm ci`, it comes by itself.");
  return 1;
}

process.exitCode = main();
