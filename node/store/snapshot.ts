/**
 * A node's store opened for reading, without one byte of it changed.
 *
 * LevelDB writes when it opens: it replays its journal and starts new files. So what it would write is copied elsewhere
 * and its tables, which never change, are linked. The node's lock is held meanwhile (through a link to its file), so that
 * no node starts on what is being read, and a running one is found.
 */
import { constants } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { Level } from 'level';
import { type Database, levelCode } from './level-store.ts';

export interface Snapshot {
  readonly database: Database;
  /** False where the store has no lock file that can be opened: then nobody knows whether a node runs on it. */
  readonly isLocked: boolean;
  close(): Promise<void>;
}

const TABLE = /\.(ldb|sst)$/;
/** LevelDB's own diary, and the lock. */
const LEFT_OUT = /^(LOCK|LOG|LOG\.old)$/;

/**
 * Opens what is in `directory` now.
 * @throws {ProtocolError} FSCK_NODE_RUNNING, FSCK_STORE_MISSING, FSCK_STORE_UNREADABLE
 */
export async function openSnapshot(directory: string): Promise<Snapshot> {
  const names = await namesIn(directory);
  const copy = await mkdtemp(join(tmpdir(), 'sealedger-fsck-'));
  const lock = await takeLock(await realpath(directory), join(copy, 'lock')).catch(async (error: unknown) => {
    await rm(copy, { recursive: true, force: true });
    throw error;
  });
  const close = async (): Promise<void> => {
    await lock?.close();
    await rm(copy, { recursive: true, force: true });
  };
  try {
    const database = await openCopy(await realpath(directory), names, join(copy, 'state'));
    const closeBoth = (): Promise<void> => database.close().then(close);
    return { database, isLocked: lock !== null, close: closeBoth };
  } catch (error) {
    await close();
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory);
    if (names.includes('CURRENT')) return names;
  } catch (cause) {
    throw new ProtocolError('FSCK_STORE_MISSING', {}, { cause });
  }
  throw new ProtocolError('FSCK_STORE_MISSING', {});
}

/** Holds the lock of the store by opening an empty one whose lock file is a link to it. */
async function takeLock(directory: string, place: string): Promise<Database | null> {
  const file = join(directory, 'LOCK');
  const canOpen = await access(file, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!canOpen) return null;
  await mkdir(place);
  await symlink(file, join(place, 'LOCK'));
  try {
    return await openLevel(place, true);
  } catch (cause) {
    if (levelCode(cause) === 'LEVEL_LOCKED') throw new ProtocolError('FSCK_NODE_RUNNING', {}, { cause });
    throw unreadable(cause);
  }
}

async function openCopy(directory: string, names: readonly string[], place: string): Promise<Database> {
  await mkdir(place);
  for (const name of names.filter((candidate) => !LEFT_OUT.test(candidate))) {
    const [from, to] = [join(directory, name), join(place, name)];
    if (TABLE.test(name)) await symlink(from, to);
    else await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
  try {
    return await openLevel(place, false);
  } catch (cause) {
    throw unreadable(cause);
  }
}

async function openLevel(place: string, createIfMissing: boolean): Promise<Database> {
  const database: Database = new Level(place, { keyEncoding: 'utf8', valueEncoding: 'utf8', createIfMissing });
  await database.open();
  return database;
}

/** A failure of the store as a refusal that says no path. */
export function unreadable(cause: unknown): ProtocolError {
  return new ProtocolError('FSCK_STORE_UNREADABLE', { reason: levelCode(cause) || 'unknown' }, { cause });
}
