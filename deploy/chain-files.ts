/** Files of the embedded chain's data directory: its keys, and the mark of the process that uses it. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { syncDirectory } from './chain-journal.ts';

/** Paths of a data directory. */
export type ChainFiles = {
  readonly journal: string;
  /** Key of the account that deploys the contracts and admits the first organisations. */
  readonly founderKey: string;
  /** Ed25519 seed with which blocks are sealed. */
  readonly validatorKey: string;
  readonly deployment: string;
  readonly lock: string;
};

export function chainFiles(dataDir: string): ChainFiles {
  return {
    journal: join(dataDir, 'journal.ndjson'),
    founderKey: join(dataDir, 'founder.key'),
    validatorKey: join(dataDir, 'validator.key'),
    deployment: join(dataDir, 'deployment.json'),
    lock: join(dataDir, 'chain.lock'),
  };
}

/**
 * The 32-byte key in a file as hex; made once, readable by its owner only.
 * Any 32 random bytes are an Ed25519 seed, and a secp256k1 key but for a chance of 2^-128.
 * @throws {ProtocolError} MALFORMED_HEX where the file holds something else.
 */
export async function ensureKey(path: string): Promise<string> {
  const found = await readIfThere(path);
  if (found !== null) return toHex(fromHex(found.trim(), 32));
  const key = randomBytes(32).toString('hex');
  await writeNew(path, `${key}\n`);
  return key;
}

/**
 * Claims a data directory for this process; two processes that append to one journal would destroy it.
 * A mark whose process is gone is taken over.
 * @returns the release. @throws {ProtocolError} CHAIN_DIRECTORY_IN_USE
 */
export async function claimDirectory(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { lock } = chainFiles(dataDir);
  const holder = Number((await readIfThere(lock))?.trim() ?? Number.NaN);
  if (Number.isInteger(holder) && holder !== process.pid && isAlive(holder)) {
    throw new ProtocolError('CHAIN_DIRECTORY_IN_USE', { pid: holder });
  }
  await rm(lock, { force: true });
  try {
    await writeNew(lock, `${process.pid}\n`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new ProtocolError('CHAIN_DIRECTORY_IN_USE', { pid: 'unknown' }, { cause });
  }
  return () => rm(lock, { force: true });
}

/** Text of a file; null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

/** Writes a file that does not exist yet, durably. @param mode - default: readable by its owner only. */
export async function writeNew(path: string, text: string, mode = 0o600): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(join(path, '..'));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
