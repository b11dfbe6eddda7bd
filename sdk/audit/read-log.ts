/**
 * What a node says about its log, read with bounds: a checkpoint that it signed, a consistency proof, all entries.
 *
 * Trust: none. Endless pages, garbage and silence end here, as errors with a code.
 */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  checkpointSigningBytes,
  type SignedCheckpoint,
  signedCheckpointSchema,
} from '@sealedger/protocol/evidence/checkpoint.ts';
import {
  consistencyAnswerSchema,
  type LogPageEntry,
  logPageSchema,
  MAX_LOG_PAGE,
  MAX_LOG_PAGE_BYTES,
  MAX_LOG_PROOF_BYTES,
} from '@sealedger/protocol/evidence/log-answers.ts';
import type { Peer, PeerClient } from '@sealedger/protocol/peer-client.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { type AuditedMember, keyOf } from './members.ts';

const TIMEOUT_MS = 20_000;
const PAGES_AT_ONCE = 4;

/** The calls of a regulator to one node. */
export type LogReader = {
  /** @param size - undefined for the newest. @throws {ProtocolError} AUDIT_CHECKPOINT_WRONG, and what the peer client throws */
  checkpoint(size?: number): Promise<SignedCheckpoint>;
  /** Hashes of the proof; whether it holds is for the caller to check. */
  consistency(from: number, to: number): Promise<readonly string[]>;
  /** Exactly the entries `start` … `end - 1`. @throws {ProtocolError} AUDIT_PAGE_WRONG */
  entries(start: number, end: number): Promise<readonly LogPageEntry[]>;
};

export function createLogReader(peers: PeerClient, peer: Peer, member: AuditedMember, ed25519?: Ed25519): LogReader {
  const { org } = peer;
  const ask = (path: string, maxBytes: number): Promise<unknown> =>
    peers.json(peer, { method: 'GET', path, maxBytes, timeoutMs: TIMEOUT_MS, retries: 1 });
  return {
    checkpoint: async (size) => {
      const path = size === undefined ? '/v1/log/checkpoint' : `/v1/log/checkpoint?size=${size}`;
      const signed = parseDocument(
        signedCheckpointSchema,
        await ask(path, MAX_LOG_PROOF_BYTES),
        `checkpoint of ${org}`,
      );
      const isMeant = signed.checkpoint.org === org && (size === undefined || signed.checkpoint.size === size);
      if (!isMeant || !isSignedCheckpoint(signed, member, ed25519))
        throw new ProtocolError('AUDIT_CHECKPOINT_WRONG', { org });
      return signed;
    },
    consistency: async (from, to) => {
      const answer = await ask(`/v1/log/consistency?from=${from}&to=${to}`, MAX_LOG_PROOF_BYTES);
      return parseDocument(consistencyAnswerSchema, answer, `consistency proof of ${org}`).proof;
    },
    entries: async (start, end) => {
      const pages: (readonly LogPageEntry[])[] = [];
      for (let first = start; first < end; first += PAGES_AT_ONCE * MAX_LOG_PAGE) {
        const starts = Array.from({ length: PAGES_AT_ONCE }, (_, i) => first + i * MAX_LOG_PAGE).filter(
          (at) => at < end,
        );
        pages.push(
          ...(await Promise.all(starts.map((at) => readPage(ask, org, at, Math.min(end, at + MAX_LOG_PAGE))))),
        );
      }
      return pages.flat();
    },
  };
}

async function readPage(
  ask: (path: string, maxBytes: number) => Promise<unknown>,
  org: string,
  start: number,
  end: number,
): Promise<readonly LogPageEntry[]> {
  const answer = await ask(`/v1/log/entries?start=${start}&end=${end}`, MAX_LOG_PAGE_BYTES);
  const page = parseDocument(logPageSchema, answer, `log of ${org}`);
  if (page.org !== org || page.start !== start || page.entries.length !== end - start) {
    throw new ProtocolError('AUDIT_PAGE_WRONG', { org, start, expected: end - start, found: page.entries.length });
  }
  return page.entries;
}

/** Whether a checkpoint carries the signature of its organisation under one of its registered keys. */
export function isSignedCheckpoint(
  { checkpoint, keyEpoch, signature }: SignedCheckpoint,
  member: AuditedMember | undefined,
  ed25519: Ed25519 = nobleEd25519,
): boolean {
  const key = member?.org === checkpoint.org ? keyOf(member, keyEpoch) : undefined;
  if (key === undefined) return false;
  return ed25519.verify(fromHex(signature), checkpointSigningBytes(checkpoint, keyEpoch), fromHex(key));
}
