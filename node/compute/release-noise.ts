/**
 * Release noise: what a department adds to each subject's part of a score, so that no score is exact.
 *
 * It is drawn from the node's key, model, dataset version and subject, not from the attempt: asking again gives the same
 * noise, so it does not average out. Every subject gets it, whether the department has a row or not.
 * Source: DESIGN.md 3.2, "Released precision".
 */
import { createCipheriv } from 'node:crypto';
import { concat, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { hkdf } from '../crypto.ts';
import { TAG_BYTES } from '../match/register.ts';

const BLOCK_BYTES = 16;

/** Key of one model on one dataset version and register version. */
export function releaseNoiseKey(seed: Uint8Array, modelDigest: Uint8Array, datasetVersion: Uint8Array): Uint8Array {
  return hkdf(seed, modelDigest, concat(utf8(domains.releaseNoise), datasetVersion), 32);
}

/** Total width of one department's noise in score units: 2^(scaleBits + widthLog2) / sqrt(departments). */
export function noiseWidth(scaleBits: number, totalWidthLog2: number, departments: number): number {
  return Math.floor(2 ** (scaleBits + totalWidthLog2) / Math.sqrt(departments));
}

/**
 * Centred uniform noise for the subjects of a chunk: AES-256 of half the subject's tag as the pseudorandom function.
 * @param tags - 32 bytes per slot.
 * @returns one integer per slot, in [-totalWidth / 2, totalWidth / 2).
 */
export function releaseNoise(key: Uint8Array, totalWidth: number, tags: Uint8Array): Int32Array {
  const slots = tags.length / TAG_BYTES;
  const blocks = new Uint8Array(slots * BLOCK_BYTES);
  for (let i = 0; i < slots; i++) {
    blocks.set(tags.subarray(i * TAG_BYTES, i * TAG_BYTES + BLOCK_BYTES), i * BLOCK_BYTES);
  }
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const words = new DataView(new Uint8Array(Buffer.concat([cipher.update(blocks), cipher.final()])).buffer);
  const noise = new Int32Array(slots);
  for (let i = 0; i < slots; i++) {
    const fraction = words.getUint32(i * BLOCK_BYTES, true) / 2 ** 32;
    noise[i] = Math.floor(fraction * totalWidth - totalWidth / 2);
  }
  return noise;
}
