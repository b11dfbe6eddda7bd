/**
 * The register's identifiers hashed to the group, kept for all later computations on the same register version.
 *
 * Hash-to-group depends on neither key nor computation, and is a fifth of a table's preparation.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { POPRF_ELEMENT_BYTES } from '@sealedger/protocol/poprf.ts';
import { createWorkerPool } from '../worker-pool.ts';
import { IDENTIFIER_BYTES, type RegisterSubjects, type RegisterView } from './register.ts';

/** Identifiers of one message to a worker: about a quarter of a second. */
const BATCH = 8192;

/**
 * Elements in the order of the register.
 * @param directory - where register versions are kept; one file for each version.
 * @returns `people` x 32 bytes.
 */
export async function registerElements(
  directory: string,
  register: RegisterView & RegisterSubjects,
  workers: number,
): Promise<Uint8Array> {
  const path = join(directory, register.id, 'elements');
  if (existsSync(path)) {
    const stored = new Uint8Array(await readFile(path));
    if (stored.length === register.people * POPRF_ELEMENT_BYTES) return stored;
  }
  const elements = await hashAll(register, workers);
  await mkdir(join(directory, register.id), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, elements, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return elements;
}

async function hashAll(register: RegisterView & RegisterSubjects, workers: number): Promise<Uint8Array> {
  const elements = new Uint8Array(register.people * POPRF_ELEMENT_BYTES);
  const pool = createWorkerPool(new URL('./element-worker.ts', import.meta.url), workers, null);
  try {
    const batches = Array.from({ length: Math.ceil(register.people / BATCH) }, (_, i) => i * BATCH);
    await Promise.all(
      batches.map(async (first) => {
        const end = Math.min(first + BATCH, register.people);
        const identifiers = register.identifiers.slice(first * IDENTIFIER_BYTES, end * IDENTIFIER_BYTES);
        elements.set(await pool.run<Uint8Array>(identifiers), first * POPRF_ELEMENT_BYTES);
      }),
    );
  } finally {
    await pool.close();
  }
  return elements;
}
