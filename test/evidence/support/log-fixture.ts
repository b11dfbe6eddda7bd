/** A log on a Level database in a fresh directory, with a fixed key and clock. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BatchOp, levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { EventDraft } from '@sealedger/node/evidence/log-entry.ts';
import type { EventSigner, EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { eventSigner } from '@sealedger/node/evidence/signer.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { Level } from 'level';

export const secret = new Uint8Array(32).fill(7);
export const startMs = Date.UTC(2026, 10, 21);

/** A signer of its own per organisation; the seed is the organisation's name, padded. */
export function testSigner(org: string, keyEpoch = 1): EventSigner & { readonly publicKey: Uint8Array } {
  const seed = new Uint8Array(32).fill(keyEpoch);
  seed.set(new TextEncoder().encode(org));
  return { ...eventSigner(org, keyEpoch, seed), publicKey: nobleEd25519.publicKey(seed) };
}

export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sealedger-evidence-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export type OpenLog = { readonly database: Level<string, string>; readonly log: EvidenceLog<BatchOp> };

export async function openLog(
  path: string,
  org = 'tax',
  wrap = (store: EvidenceStore<BatchOp>) => store,
  keyEpoch = 1,
): Promise<OpenLog> {
  const database = new Level<string, string>(path);
  await database.open();
  return { database, log: await openLogOn(database, testSigner(org, keyEpoch), wrap) };
}

export function openLogOn(
  database: Level<string, string>,
  signer: EventSigner,
  wrap = (store: EvidenceStore<BatchOp>) => store,
): Promise<EvidenceLog<BatchOp>> {
  return EvidenceLog.open({ store: wrap(levelEvidenceStore(database)), signer, clock: { now: () => startMs }, secret });
}

/** The n-th of a row of events that differ. */
export function draftOf(n: number): EventDraft {
  const requestId = n.toString(16).padStart(64, '0');
  return { kind: 'revocation', key: `revocation/${n}`, fields: { requestId, reason: 'policy.changed' } };
}
