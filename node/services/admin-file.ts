/** `admin.json` in a node's data directory: where its operator's channel is, and the token that opens it. */
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

const adminFileSchema = z.strictObject({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/, 'an address on this machine'),
  token: hex32,
});
export type AdminFile = z.output<typeof adminFileSchema>;

const OWNER_ONLY = 0o600;
const ANY_OTHER = 0o077;

export function adminFilePath(dataDir: string): string {
  return join(dataDir, 'admin.json');
}

/** Writes the file for its owner alone, whole or not at all. */
export async function writeAdminFile(dataDir: string, file: AdminFile): Promise<void> {
  const path = adminFilePath(dataDir);
  const next = `${path}.next`;
  await rm(next, { force: true });
  await writeFile(next, `${JSON.stringify(file)}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  await chmod(next, OWNER_ONLY);
  await rename(next, path);
}

/** Removes the file, where it still is the one with this token. */
export async function removeAdminFile(dataDir: string, token: string): Promise<void> {
  const current = await readAdminFile(dataDir).catch(() => undefined);
  if (current?.token === token) await rm(adminFilePath(dataDir), { force: true });
}

/**
 * Reads the file. @returns undefined where there is none: the node does not run.
 * @throws {ProtocolError} ADMIN_FILE_UNREADABLE where it is malformed or readable by others.
 */
export async function readAdminFile(dataDir: string): Promise<AdminFile | undefined> {
  const path = adminFilePath(dataDir);
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & ANY_OTHER) !== 0) {
      throw new ProtocolError('ADMIN_FILE_UNREADABLE', { reason: 'others may read it' });
    }
    return parseJson(adminFileSchema, await readFile(path, 'utf8'), 'admin.json');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    if (cause instanceof ProtocolError && cause.code === 'ADMIN_FILE_UNREADABLE') throw cause;
    throw new ProtocolError('ADMIN_FILE_UNREADABLE', { reason: 'it is not well-formed' }, { cause });
  }
}
