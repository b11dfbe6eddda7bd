/**
 * One command at a time in a directory: a file names the process that works there.
 *
 * A lock whose process is gone is taken over; one that another process took over is noticed before anything is written.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProtocolError } from '@sealedger/protocol/errors.ts';

export interface DirectoryLock {
  /** @throws {ProtocolError} what `busy` makes, where the lock is another's by now */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * @param busy - the refusal while process `pid` holds the directory.
 * @throws {ProtocolError} what `busy` makes
 */
export async function lockDirectory(directory: string, busy: (pid: number) => ProtocolError): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'lock');
  const token = `${process.pid} ${randomBytes(8).toString('hex')}`;
  if (!(await tryLock(file, token))) {
    const holder = Number((await heldBy(file)).split(' ')[0]);
    if (isAlive(holder)) throw busy(holder);
    await rm(file, { force: true });
    if (!(await tryLock(file, token))) throw busy(holder);
  }
  const assertHeld = async (): Promise<void> => {
    const holder = await heldBy(file);
    if (holder !== token) throw busy(Number(holder.split(' ')[0]));
  };
  return {
    assertHeld,
    release: async () => {
      if ((await heldBy(file)) === token) await rm(file, { force: true });
    },
  };
}

async function tryLock(file: string, token: string): Promise<boolean> {
  // a link is there with its content or not at all: nobody sees a lock that names no process yet
  const written = `${file}.${randomBytes(8).toString('hex')}`;
  await writeFile(written, token, { mode: 0o600, flag: 'wx' });
  try {
    await link(written, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}

/** Empty where nobody holds it. */
async function heldBy(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
