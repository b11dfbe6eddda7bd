/**
 * The registrar's side of the base register: publishes versions and hands their material to members.
 *
 * Learns: departments and gates, the register (key and tags; gates the identifiers too); a bank never.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { type DatasetMetadata, metadataHash } from '@sealedger/protocol/dataset.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { MAX_REGISTER_SIZE } from '@sealedger/protocol/register.ts';
import { z } from 'zod';
import { checkTable, parseSubjectCell } from '../catalogue/dataset.ts';
import { fileFingerprint } from '../catalogue/fingerprint.ts';
import { type PublishedVersion, type PublishParts, publishVersion } from '../catalogue/publish.ts';
import { plainCsv } from '../catalogue/rows.ts';
import { readTable } from '../catalogue/table.ts';
import { hkdf } from '../crypto.ts';
import { buildRegister, registerCommitment } from './register.ts';

export const registerConfigSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/),
  file: z.string().min(1),
  subject: z.string().min(1),
});
export type RegisterConfig = z.output<typeof registerConfigSchema>;

/** Personal identifiers, JR/T 0197-2020 level 4. */
const REGISTER_LEVEL = 4;

/** What the registrar holds of one version. */
export interface RegisterMaterial {
  readonly key: Uint8Array;
  readonly tags: Uint8Array;
  readonly identifiers: Uint8Array;
}

export interface Registrar {
  readonly published: PublishedVersion;
  /** Material of this or an earlier version. @throws {ProtocolError} REGISTER_UNKNOWN */
  material(id: string): Promise<RegisterMaterial>;
}

/**
 * Publishes the register's table as a version, once for each content.
 * @throws {ProtocolError} as checkTable; REGISTER_SIZE for an empty table or one past 2^30 subjects
 */
export async function openRegistrar(
  parts: PublishParts & { readonly directory: string; readonly seed: Uint8Array },
  config: RegisterConfig,
): Promise<Registrar> {
  const empty = new Uint8Array(0);
  const fingerprintKey = hkdf(parts.seed, empty, Buffer.from(`${domains.registerVersion}/fingerprint`), 32);
  const published = await publishVersion(parts, {
    name: config.name,
    level: REGISTER_LEVEL,
    fingerprint: await fileFingerprint(fingerprintKey, config.file),
    metadataHash: (version) => metadataHash(registerMetadata(parts.org, config.name, version)),
    measure: async (version) => {
      const rows = await checkTable({ ...config, ...plainCsv(config.file), fields: [] });
      if (rows < 1 || rows > MAX_REGISTER_SIZE)
        throw new ProtocolError('REGISTER_SIZE', { count: rows, max: MAX_REGISTER_SIZE });
      const material = await buildMaterial(config);
      await storeMaterial(
        directoryOf(parts.directory, parts.ledger.datasetVersionId(parts.org, config.name, version)),
        material,
      );
      return { commitment: toHex(registerCommitment(material.key, material.tags)), rows };
    },
  });
  return {
    published,
    material: async (id) => {
      const directory = directoryOf(parts.directory, id);
      if (!existsSync(join(directory, 'key'))) throw new ProtocolError('REGISTER_UNKNOWN', { register: id });
      return loadMaterial(directory);
    },
  };
}

/** The metadata of a register version: it has no fields, only subjects. */
export function registerMetadata(owner: string, name: string, datasetVersion: number): DatasetMetadata {
  return { suite: SUITE, version: 1, owner, name, datasetVersion, kind: 'register', level: REGISTER_LEVEL, fields: [] };
}

/** New key for every version, so that tags of two versions cannot be joined. */
async function buildMaterial(config: RegisterConfig): Promise<RegisterMaterial> {
  const subjects: string[] = [];
  await readTable(config.file, [config.subject], ({ firstRow, rows }) => {
    rows.forEach((cells, i) => {
      subjects.push(parseSubjectCell(cells[0] ?? null, config.name, firstRow + i));
    });
  });
  const key = new Uint8Array(randomBytes(32));
  return { key, ...buildRegister(key, subjects) };
}

/** Every version is kept: a request that runs goes on with the one it names. @param id - 32 bytes in hex. */
function directoryOf(root: string, id: string): string {
  return join(root, 'registers', id);
}

async function storeMaterial(directory: string, material: RegisterMaterial): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // The key goes last: a version that has one is whole.
  for (const part of ['tags', 'identifiers', 'key'] as const) {
    await writeFile(join(directory, `${part}.new`), material[part], { mode: 0o600, flush: true });
    await rename(join(directory, `${part}.new`), join(directory, part));
  }
}

async function loadMaterial(directory: string): Promise<RegisterMaterial> {
  const [key, tags, identifiers] = await Promise.all(
    ['key', 'tags', 'identifiers'].map((part) => readFile(join(directory, part))),
  );
  return { key: new Uint8Array(key!), tags: new Uint8Array(tags!), identifiers: new Uint8Array(identifiers!) };
}
