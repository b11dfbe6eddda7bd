/**
 * Files that only their owner may read: keystores, passphrases, private keys of people and of TLS.
 *
 * Here because node and command line of the SDK, which do not know each other, both read them.
 */
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';

const OTHERS = 0o077;
const MAX_FILE_BYTES = 64 << 10;

/**
 * Reads a file that must be its owner's alone; the file that is checked is the one that is read.
 * @returns undefined where there is none.
 * @throws {ProtocolError} SECRET_FILE_MODE, SECRET_UNREADABLE
 */
export async function readSecretFile(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new ProtocolError('SECRET_UNREADABLE', {}, { cause });
  });
  if (file === undefined) return undefined;
  try {
    const { mode, size } = await file.stat();
    // Windows keeps no such bits; there the directory's rights decide.
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new ProtocolError('SECRET_FILE_MODE', { file: path, mode: (mode & 0o777).toString(8) });
    }
    if (size > MAX_FILE_BYTES) throw new ProtocolError('SECRET_UNREADABLE', {});
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}

/** Writes a file for its owner alone; at `path` it is whole and on disk, or as it was before. */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await chmod(`${path}.new`, 0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncDirectory(directory);
}

/** Has the directory's entry survive a loss of power; what cannot be opened so (Windows) needs no such thing. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
