/** Flips single bytes of a bundle's file and holds what the verifier says against the map of its parts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { claimsFor, type Json, type Path, pathsOfBytes } from './file-places.ts';
import { rememberedEd25519 } from './remembered-ed25519.ts';

const ed25519 = rememberedEd25519();

type Outcome = { readonly unreadable: string; readonly path: string } | { readonly failed: ReadonlySet<ClaimCode> };

/** The claims that fail, or where the file could not be read. */
export function outcomeOf(text: string, trust: Trust): Outcome {
  try {
    const { verdict, claims } = verifyBundleText(text, trust, { ed25519 });
    if (verdict === 'holds') return { failed: new Set() };
    return { failed: new Set(claims.filter(({ status }) => status === 'fails').map(({ code }) => code)) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { unreadable: error.code, path: String(error.details['path'] ?? '') };
  }
}

/** Other bytes for one byte: two flipped ways, and where it is a digit the next one, so that the text stays well formed. */
function othersOf(byte: number): readonly number[] {
  const character = String.fromCharCode(byte);
  const next = /[0-9a-f]/.test(character)
    ? /[0-9]/.test(character)
      ? ((Number(character) + 1) % 10).toString()
      : String.fromCharCode(97 + ((byte - 96) % 6))
    : undefined;
  return [...new Set([byte ^ 0x01, byte ^ 0x04, ...(next === undefined ? [] : [next.charCodeAt(0)])])];
}

/** What became of the flips: how many files could not be read, and how many failed a claim. */
export type FlipCount = { unreadable: number; failed: number };

/**
 * Flips the bytes at `places`.
 * @throws {AssertionError} where the file still holds, or the reason names another part of it.
 */
export function flipBytes(text: string, trust: Trust, places: Iterable<number>): FlipCount {
  const bytes = Buffer.from(text);
  const paths = pathsOfBytes(text);
  const file = JSON.parse(text) as Json;
  const count: FlipCount = { unreadable: 0, failed: 0 };
  for (const place of places) {
    for (const other of othersOf(bytes[place]!)) {
      const copy = Buffer.from(bytes);
      copy[place] = other;
      const outcome = outcomeOf(copy.toString('utf8'), trust);
      const about = `byte ${place} of ${paths[place]!.join('.')} as ${other}`;
      if ('unreadable' in outcome) {
        count.unreadable += 1;
        assertPartNamed(outcome, paths[place]!, about);
        continue;
      }
      count.failed += 1;
      const expected = claimsFor(file, paths[place]!);
      const isNamed = expected.some((code) => outcome.failed.has(code));
      assert.ok(isNamed, `${about}: not ${expected.join(' or ')}, but ${[...outcome.failed].join(', ') || 'nothing'}`);
    }
  }
  return count;
}

export type FlipShare = { readonly text: string; readonly trust: Trust; readonly places: readonly number[] };

/** {@link flipBytes} with the places dealt out to one thread per core. @throws {AssertionError} as there */
export async function flipBytesInThreads(text: string, trust: Trust, places: readonly number[]): Promise<FlipCount> {
  const threads = availableParallelism();
  const shares = Array.from({ length: threads }, (_, thread) => places.filter((_place, i) => i % threads === thread));
  const counts = await Promise.all(
    shares.map(async (share) => {
      const workerData: FlipShare = { text, trust, places: share };
      const worker = new Worker(new URL('byte-flips-worker.ts', import.meta.url), { workerData });
      return ((await once(worker, 'message')) as [FlipCount])[0];
    }),
  );
  return counts.reduce((sum, one) => ({
    unreadable: sum.unreadable + one.unreadable,
    failed: sum.failed + one.failed,
  }));
}

/** A file that cannot be read is refused with the path of a part around the change, or as no JSON, or for its words. */
function assertPartNamed({ unreadable, path }: { unreadable: string; path: string }, place: Path, about: string): void {
  assert.ok(['SCHEMA_MISMATCH', 'BLOCK_HEADER_MALFORMED'].includes(unreadable), `${about}: ${unreadable}`);
  // A byte of a name on the outermost level is missed under that name.
  const isAround = path === '(root)' || path.startsWith('words') || place[0] === 'words' || place.length === 0;
  const isPart = path === '' || path.split('.')[0] === String(place[0]);
  assert.ok(isAround || isPart, `${about}: the reason names ${path}`);
}
