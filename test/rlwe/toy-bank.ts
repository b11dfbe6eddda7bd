/**
 * A bank without SEAL that knows its secret as plain coefficients, so that tests can forge records within the format
 * and look at exact phases. Test code only: it multiplies with the kernel, which parity tests hold against SEAL.
 */
import { RlweKernel } from '@sealedger/protocol/rlwe/kernel.ts';
import { DATA_LIMBS, DATA_PRIMES, MODULUS, PLAIN_MODULUS, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import type { SeededCiphertext, SwitchedCiphertext } from '@sealedger/protocol/rlwe/wire.ts';
import { centredIntegers, expand, keyOf, wordsOf } from './support.ts';

const WORDS = DATA_LIMBS * RING_DEGREE;

export class ToyBank {
  readonly #kernel = new RlweKernel();
  readonly #label: string;
  /** Ternary secret. */
  readonly secret: Int32Array;
  /** The error of each record made, by name: the bank knows them. */
  readonly errors = new Map<string, Int32Array>();

  constructor(label: string) {
    this.#label = label;
    this.secret = Int32Array.from(wordsOf(`${label}/secret`, RING_DEGREE), (word) => (word % 3) - 1);
  }

  /** poly·small in Z_q[X]/(X^N + 1); `poly` has four limbs, |small| < 2^15. */
  multiply(poly: Uint32Array, small: Int32Array): Uint32Array {
    const offset = 1 << 15;
    const shifted = this.#product(
      poly,
      Uint32Array.from(small, (value) => value + offset),
    );
    const constant = this.#product(poly, new Uint32Array(RING_DEGREE).fill(offset));
    return shifted.map((word, i) => {
      const p = DATA_PRIMES[i >> 13]!;
      return (word + p - constant[i]!) % p;
    });
  }

  /** A record with phase `message` + e, message given as 8,192 integers modulo q; by default e is binomial like SEAL's. */
  seal(name: string, message: readonly bigint[], error: Int32Array = this.#error(name)): SeededCiphertext {
    const half = keyOf(`${this.#label}/${name}/seed`);
    const seed = new Uint8Array(64);
    seed.set(half);
    seed.set(half, 32);
    const { c1 } = this.#kernel.expand({ c0: new Uint32Array(WORDS), seed });
    const product = this.multiply(c1, this.secret);
    this.errors.set(name, error);
    const c0 = product.map((word, i) => {
      const p = BigInt(DATA_PRIMES[i >> 13]!);
      const index = i & (RING_DEGREE - 1);
      const value = ((message[index] ?? 0n) + BigInt(error[index]!) - BigInt(word)) % p;
      return Number((value + p) % p);
    });
    return { c0, seed };
  }

  /** An honest weight: the constant round(q·w/t). */
  weight(name: string, weight: bigint): SeededCiphertext {
    return this.seal(name, [scaled(weight)]);
  }

  publicKey(): SeededCiphertext {
    return this.seal('public-key', []);
  }

  /** c0 + c1·s as centred integers, of a ciphertext with two or four limbs. */
  phase({ c0, c1 }: SwitchedCiphertext): bigint[] {
    const padded = new Uint32Array(WORDS);
    padded.set(c1);
    const product = this.multiply(padded, this.secret);
    const words = c0.map((word, i) => (word + product[i]!) % DATA_PRIMES[i >> 13]!);
    return centredIntegers(words, c0.length / RING_DEGREE);
  }

  #product(poly: Uint32Array, column: Uint32Array): Uint32Array {
    const unused = { c0: new Uint32Array(WORDS), seed: new Uint8Array(64) };
    this.#kernel.loadModel(unused, [{ c0: poly, seed: new Uint8Array(64) }]);
    this.#kernel.putColumns([column]);
    this.#kernel.accumulate();
    return this.#kernel.read(DATA_LIMBS).c0;
  }

  #error(name: string): Int32Array {
    const bytes = expand(keyOf(`${this.#label}/${name}/error`), 8 * RING_DEGREE);
    const words = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return Int32Array.from(words, (word) => ones(word & 0x1fffffn) - ones((word >> 21n) & 0x1fffffn));
  }
}

/** round(q·m/t). */
export function scaled(message: bigint): bigint {
  const twice = 2n * MODULUS * message;
  const t = 2n * PLAIN_MODULUS;
  return (twice + PLAIN_MODULUS - ((((twice + PLAIN_MODULUS) % t) + t) % t)) / t;
}

function ones(word: bigint): number {
  return word.toString(2).split('1').length - 1;
}
