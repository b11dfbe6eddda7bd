/**
 * A beacon that nobody knew before: the regulator commits to a secret, a later block comes, the two are mixed on chain.
 *
 * Trust: neither the regulator alone nor who makes blocks alone can choose it. A regulator that dislikes an outcome can
 * keep the secret to itself and commit again: that stands on chain, and {@link unrevealedBeacons} counts it.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Fact } from './audit/requests.ts';

export type BeaconParts = {
  readonly ledger: Pick<LedgerClient, 'commitBeacon' | 'revealBeacon' | 'blockNumber'>;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
};

/** A revealed beacon; what was logged and anchored before block `commitBlock` may be sampled with it. */
export type Beacon = { readonly id: number; readonly value: string; readonly commitBlock: number };

const POLL_MS = 200;
/** A chain that makes no empty blocks stands still for so long before the regulator makes the next block itself. */
const QUIET_MS = 3000;

/** Commits, waits for the block after the next, reveals. @throws {ProtocolError} CHAIN_* */
export async function drawBeacon(parts: BeaconParts): Promise<Beacon> {
  const committed = await commit(parts);
  const nudges = await waitForBlock(parts, committed.block + 1);
  const value = await reveal(parts, committed);
  // Revealed too, so that no beacon of an honest regulator stays in the dark.
  for (const nudge of nudges) {
    await waitForBlock(parts, nudge.block + 1);
    await reveal(parts, nudge);
  }
  return { id: committed.id, value, commitBlock: committed.block };
}

type Committed = { readonly id: number; readonly block: number; readonly secret: Uint8Array };

async function commit({ ledger, randomBytes }: BeaconParts): Promise<Committed> {
  const secret = randomBytes(32);
  const { id, blockNumber } = await ledger.commitBeacon(toHex(sha256(secret)));
  return { id, block: blockNumber, secret };
}

async function reveal({ ledger }: BeaconParts, { id, secret }: Committed): Promise<string> {
  return (await ledger.revealBeacon(id, toHex(secret))).value;
}

/** @returns beacons that were committed to for no other reason than to make a block. */
async function waitForBlock(parts: BeaconParts, block: number): Promise<readonly Committed[]> {
  const { ledger, clock } = parts;
  const nudges: Committed[] = [];
  let [last, since] = [-1, clock.now()];
  for (;;) {
    const head = await ledger.blockNumber();
    if (head >= block) return nudges;
    if (head !== last) [last, since] = [head, clock.now()];
    if (clock.now() - since >= QUIET_MS) nudges.push(await commit(parts));
    else await clock.sleep(POLL_MS);
  }
}

/** Beacons that a regulator committed to and did not reveal, as far as the facts go. */
export function unrevealedBeacons(facts: readonly Fact[], regulator: string): number {
  const open = new Set<number>();
  for (const { event } of facts) {
    if (event.name === 'BeaconCommitted' && event.args.regulator === regulator) open.add(event.args.id);
    if (event.name === 'BeaconRevealed') open.delete(event.args.id);
  }
  return open.size;
}
