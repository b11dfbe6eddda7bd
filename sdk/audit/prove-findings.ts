/** Puts to each finding what proves it: receipts against block headers, entries against a signed checkpoint. */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { ChainProver, ProvenParts } from '@sealedger/protocol/evidence/chain-prover.ts';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import { readHeader } from '@sealedger/protocol/evidence/receipt-proof.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { inclusionProof } from '@sealedger/protocol/merkle.ts';
import { type Draft, type Finding, findingId, type Ground, type Proof } from './findings.ts';
import type { AuditedEntry } from './verify-log.ts';

export type ProofSources = {
  readonly prover: ChainProver;
  /** An organisation's verified entries, and its own word for their root. */
  readonly log: (org: string) => { readonly entries: readonly AuditedEntry[]; readonly last: SignedCheckpoint | null };
  /** Findings of earlier looks; they keep their proofs. */
  readonly known: readonly Finding[];
  readonly nowMs: number;
};

/** @returns the kept findings of earlier looks, then those of this one. */
export async function proveFindings(drafts: readonly Draft[], sources: ProofSources): Promise<readonly Finding[]> {
  const known = new Map(sources.known.map((finding) => [finding.id, finding]));
  const fresh = drafts.filter((draft) => !known.has(findingId(draft)));
  const events = fresh.flatMap(({ grounds }) =>
    grounds.flatMap((ground) => (ground.kind === 'chain' ? [ground.event] : [])),
  );
  const receipts = await proveEvents(events, sources.prover);
  const leaves = new Map<string, Uint8Array[]>();
  const foundAt = new Date(sources.nowMs).toISOString();
  const found = drafts.map((draft): Finding => {
    const { grounds, ...plain } = draft;
    const id = findingId(draft);
    const before = known.get(id);
    if (before !== undefined) return { ...before, ...plain };
    return { ...plain, id, foundAt, proofs: grounds.flatMap((ground) => proofsOf(ground, receipts, sources, leaves)) };
  });
  const ids = new Set(found.map(({ id }) => id));
  return [...sources.known.filter(({ id, isKept }) => isKept && !ids.has(id)), ...found];
}

type Receipts = { readonly parts: ProvenParts | null; readonly why: string };

async function proveEvents(events: readonly LedgerEvent[], prover: ChainProver): Promise<Receipts> {
  if (events.length === 0) return { parts: null, why: '' };
  try {
    return { parts: await prover.prove(events), why: '' };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { parts: null, why: error.code };
  }
}

function proofsOf(
  ground: Ground,
  receipts: Receipts,
  sources: ProofSources,
  leaves: Map<string, Uint8Array[]>,
): Proof[] {
  if (ground.kind === 'chain') return [receiptOf(ground.event, receipts)];
  return ground.kind === 'entry' ? entryProof(ground, sources, leaves) : [ground];
}

function receiptOf(event: LedgerEvent, { parts, why }: Receipts): Proof {
  const { name, blockHash, blockNumber, transactionIndex } = event;
  const block = parts?.blocks.find(({ header }) => readHeader(header).hash === blockHash);
  const receipt = parts?.receipts.find((one) => one.block === blockHash && one.transactionIndex === transactionIndex);
  if (block === undefined || receipt === undefined) return { kind: 'unproven', event: name, block: blockNumber, why };
  const { header, seals } = block;
  return { kind: 'receipt', event: name, block: blockNumber, header, seals, transactionIndex, proof: receipt.proof };
}

function entryProof(
  { org, index }: { readonly org: string; readonly index: number },
  { log }: ProofSources,
  leaves: Map<string, Uint8Array[]>,
): Proof[] {
  const { entries, last } = log(org);
  const entry = entries[index];
  if (entry === undefined || last === null) return [];
  const hashes = leaves.get(org) ?? entries.map(({ leaf }) => fromHex(leaf));
  leaves.set(org, hashes);
  const { signed, openings } = entry;
  const proof = inclusionProof(hashes, index).map(toHex);
  return [{ kind: 'entry', org, index, entry: { signed, openings }, checkpoint: last, inclusionProof: proof }];
}
