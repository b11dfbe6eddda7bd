/** Files of the consent commands: read with a bound, written whole and for their owner alone. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

const MAX_FILE_BYTES = 256 << 20;

/** @throws {ProtocolError} REQUEST_FILE_UNREADABLE, REQUEST_FILE_TOO_LARGE */
export async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size <= MAX_FILE_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_UNREADABLE', { file: path }, { cause });
  }
  throw new ProtocolError('REQUEST_FILE_TOO_LARGE', { file: path, limitBytes: MAX_FILE_BYTES });
}

/** @throws {ProtocolError} as readText, and SCHEMA_MISMATCH where it is no JSON */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(z.unknown(), await readText(path), path);
}

/** Whole or not at all. */
export async function writeSecret(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
