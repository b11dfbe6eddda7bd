/**
 * The sealed table as the bank holds it: the sum of the participants' chunks, and each gate's locators.
 *
 * Learns: the bank, the size of the register; it can read no entry without that subject's pads from every gate.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { LOCATOR_BYTES } from '@sealedger/protocol/register.ts';
import { RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import type { SealedChunk } from '@sealedger/protocol/rlwe/sum.ts';

/** Bytes of the locators that follow a gate's chunk. */
export const CHUNK_LOCATOR_BYTES = RING_DEGREE * LOCATOR_BYTES;

export interface SealedTable {
  readonly requestId: string;
  readonly computationId: string;
  readonly people: number;
  readonly chunks: readonly SealedChunk[];
  readonly gates: readonly GateLocators[];
}

/** One gate's way from a POPRF output to a slot. */
export interface GateLocators {
  readonly gate: string;
  /** 32-byte ristretto255 public key from the chain. */
  readonly publicKey: Uint8Array;
  /** Locators in slot order, 8 bytes each, as little-endian words. */
  readonly words: BigUint64Array;
  /** Slots in ascending order of their locators. */
  readonly order: Uint32Array;
}

/** Prepares the look-up of one gate. @param locators - 8 bytes for each slot, in slot order. */
export function gateLocators(gate: string, publicKey: Uint8Array, locators: Uint8Array): GateLocators {
  const words = new BigUint64Array(locators.slice().buffer);
  const order = Uint32Array.from({ length: words.length }, (_, slot) => slot);
  order.sort((a, b) => (words[a]! < words[b]! ? -1 : words[a]! > words[b]! ? 1 : 0));
  return { gate, publicKey, words, order };
}

/** Slot of a locator. @returns -1 where it fits none: the subject is not in the register. */
export function slotOf({ words, order }: GateLocators, locator: Uint8Array): number {
  const wanted = new DataView(locator.buffer, locator.byteOffset, LOCATOR_BYTES).getBigUint64(0, true);
  let low = 0;
  let high = order.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const word = words[order[middle]!]!;
    if (word === wanted) return order[middle]!;
    if (word < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * The one slot that all gates point to.
 * @param locators - one for each gate, in the table's order.
 * @returns -1 for a subject that is not in the register.
 * @throws {ProtocolError} GATES_DISAGREE
 */
export function commonSlot(table: SealedTable, locators: readonly Uint8Array[]): number {
  const slots = table.gates.map((gate, i) => slotOf(gate, locators[i]!));
  if (slots.some((slot) => slot !== slots[0])) throw new ProtocolError('GATES_DISAGREE', {});
  return slots[0]!;
}
