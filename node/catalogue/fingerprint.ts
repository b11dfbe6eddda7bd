/** Keyed digests of sources: they tell the owner that one changed, and nobody else anything. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { hmacFile } from '../crypto.ts';
import { snapshotTable } from './postgres-source.ts';
import type { Readable } from './rows.ts';

const DEFAULT_DISK_MB = 16_384;

/** Keyed fingerprint of a table's bytes. */
export async function fileFingerprint(key: Uint8Array, path: string): Promise<string> {
  return toHex(await hmacFile(key, path));
}

/**
 * Keyed fingerprint of a source: of a file's bytes, or of the rows that a database sends in its order.
 * @throws {ProtocolError} SOURCE_*; file system errors
 */
export async function sourceFingerprint(key: Uint8Array, { source, limits }: Readable): Promise<string> {
  if (source.type !== 'postgres') return fileFingerprint(key, source.file);
  const work = join(limits.workDirectory, `fingerprint-${randomBytes(8).toString('hex')}`);
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    const { path } = await snapshotTable(source, source.connection, work, limits.diskMb ?? DEFAULT_DISK_MB, deadline);
    return await fileFingerprint(key, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
