/** The member's side of the base register: fetches a version once, checks it against the chain, keeps it. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { PeerClient } from '@sealedger/protocol/peer-client.ts';
import { openSealedBox } from '@sealedger/protocol/sealed-box.ts';
import type { Directory, Ledger } from '../ports.ts';
import { assertRegister, type RegisterSubjects, type RegisterView, TAG_BYTES } from './register.ts';

export interface RegisterStoreParts {
  readonly org: string;
  readonly directory: string;
  readonly members: Directory;
  readonly ledger: Ledger;
  readonly peers: PeerClient;
  /** X25519 secret of this organisation. */
  /** X25519 secrets of this organisation, the latest first: a box may have been sealed before a rotation. */
  readonly sealing: () => readonly Uint8Array[];
}

export interface RegisterStore {
  /** @throws {ProtocolError} REGISTER_MISMATCH, PEER_UNREACHABLE, SEALED_BOX_OPEN_FAILED */
  view(id: string): Promise<RegisterView>;
  /** The identifiers too; only gates get them. */
  subjects(id: string): Promise<RegisterView & RegisterSubjects>;
}

/** Purposes of the boxes, bound into them so that one cannot pass as the other. */
export const boxPurposes = { key: 'register-key', identifiers: 'register-identifiers' } as const;

const TRANSFER_TIMEOUT_MS = 300_000;

export function createRegisterStore(parts: RegisterStoreParts): RegisterStore {
  const loaded = new Map<string, Promise<RegisterView>>();
  const view = (id: string): Promise<RegisterView> => {
    const before = loaded.get(id);
    if (before !== undefined) return before;
    const fresh = loadView(parts, id);
    loaded.set(id, fresh);
    fresh.catch(() => loaded.delete(id));
    return fresh;
  };
  return {
    view,
    subjects: async (id) => {
      const base = await view(id);
      const version = await parts.ledger.datasetVersion(id);
      const identifiers = await cached(join(parts.directory, id), 'identifiers', () =>
        fetchBox(parts, version.owner, `/v1/registers/${id}/subjects`, boxPurposes.identifiers),
      );
      assertRegister(base, fromHex(version.commitment, 32), { identifiers });
      return { ...base, identifiers };
    },
  };
}

async function loadView(parts: RegisterStoreParts, id: string): Promise<RegisterView> {
  const version = await parts.ledger.datasetVersion(id);
  const directory = join(parts.directory, id);
  const key = await cached(directory, 'key', () =>
    fetchBox(parts, version.owner, `/v1/registers/${id}/key`, boxPurposes.key),
  );
  const tags = await cached(directory, 'tags', async () => {
    const owner = await parts.members.activeMember(version.owner);
    return parts.peers.bytes(owner, {
      method: 'GET',
      path: `/v1/registers/${id}/tags`,
      retries: 5,
      timeoutMs: TRANSFER_TIMEOUT_MS,
    });
  });
  const view: RegisterView = { id, key, tags, people: tags.length / TAG_BYTES };
  assertRegister(view, fromHex(version.commitment, 32));
  return view;
}

async function fetchBox(
  parts: RegisterStoreParts,
  registrar: string,
  path: string,
  purpose: string,
): Promise<Uint8Array> {
  const owner = await parts.members.activeMember(registrar);
  const box = await parts.peers.bytes(owner, { method: 'GET', path, retries: 5, timeoutMs: TRANSFER_TIMEOUT_MS });
  const context = { domain: domains.registerKey, sender: registrar, receiver: parts.org, purpose };
  return openAnyBox(parts.sealing(), (secretKey) => openSealedBox({ box, secretKey, context }));
}

/** Opens with the first key that fits. @throws whatever the last one was refused with */
async function openAnyBox<T>(
  [secretKey, ...earlier]: readonly Uint8Array[],
  open: (secretKey: Uint8Array) => Promise<T>,
): Promise<T> {
  try {
    return await open(secretKey!);
  } catch (error) {
    if (earlier.length === 0) throw error;
    return openAnyBox(earlier, open);
  }
}

async function cached(directory: string, name: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const path = join(directory, name);
  if (existsSync(path)) return new Uint8Array(await readFile(path));
  const bytes = await fetch();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, bytes, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return bytes;
}
