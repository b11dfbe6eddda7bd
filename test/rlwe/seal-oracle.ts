/** node-seal's own evaluator over records of ours: the independent way to the same ciphertexts. */
import { DATA_LIMBS, PLAIN_MODULUS_BITS, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import type { SeededCiphertext, SwitchedCiphertext } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealContext, HandleScope, PLAINTEXT_HEADER_BYTES, writeSeeded } from '@sealedger/sdk/he-context.ts';
import type { Ciphertext, MainModule, Plaintext, SEALContext } from 'node-seal';
import { initialize } from 'node-seal/allows';

const CIPHERTEXT_HEADER_BYTES = 113;

/** The build of node-seal that lets an all-zero column through. */
export class SealOracle {
  readonly seal: MainModule;
  readonly context: SEALContext;
  readonly scope = new HandleScope();
  readonly #seededTemplate: Uint8Array;
  readonly #plainTemplate: Uint8Array;

  static async create(): Promise<SealOracle> {
    return new SealOracle((await initialize()) as MainModule);
  }

  private constructor(seal: MainModule) {
    this.seal = seal;
    this.context = this.scope.keep(createSealContext(seal));
    const { scope, context } = this;
    const generator = scope.keep(new seal.KeyGenerator(context));
    const encryptor = new seal.Encryptor(
      context,
      scope.keep(generator.createPublicKey()),
      scope.keep(generator.secretKey()),
    );
    const zero = scope.keep(new seal.Plaintext(RING_DEGREE, RING_DEGREE));
    this.#plainTemplate = zero.saveToArray(seal.ComprModeType.none) as Uint8Array;
    const sealed = scope.keep(scope.keep(encryptor).encryptSymmetricSerializable(zero));
    this.#seededTemplate = sealed.saveToArray(seal.ComprModeType.none) as Uint8Array;
  }

  /** SEAL's own expansion of a seeded ciphertext. */
  load(ciphertext: SeededCiphertext): Ciphertext {
    const loaded = this.scope.keep(new this.seal.Ciphertext(this.context));
    loaded.loadFromArray(this.context, writeSeeded(this.#seededTemplate, ciphertext));
    return loaded;
  }

  plaintext(column: ArrayLike<number>): Plaintext {
    const bytes = this.#plainTemplate.slice();
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < RING_DEGREE; i++) view.setUint32(PLAINTEXT_HEADER_BYTES + 8 * i, column[i]!, true);
    const plaintext = this.scope.keep(new this.seal.Plaintext());
    plaintext.loadFromArray(this.context, bytes);
    return plaintext;
  }

  /** Σ weight·column with multiplyPlain and addInplace, as a SEAL ciphertext of four limbs. */
  accumulate(weights: readonly SeededCiphertext[], columns: readonly ArrayLike<number>[]): Ciphertext {
    const evaluator = this.scope.keep(new this.seal.Evaluator(this.context));
    const sum = this.scope.keep(new this.seal.Ciphertext(this.context));
    const product = this.scope.keep(new this.seal.Ciphertext(this.context));
    weights.forEach((weight, j) => {
      evaluator.multiplyPlain(this.load(weight), this.plaintext(columns[j]!), j === 0 ? sum : product);
      if (j > 0) evaluator.addInplace(sum, product);
    });
    return sum;
  }

  /** The same ciphertext after two switches to the next modulus. */
  switchTwice(ciphertext: Ciphertext): Ciphertext {
    const evaluator = this.scope.keep(new this.seal.Evaluator(this.context));
    const switched = this.scope.keep(ciphertext.copy());
    evaluator.cipherModSwitchToNextInplace(switched);
    evaluator.cipherModSwitchToNextInplace(switched);
    return switched;
  }

  words(ciphertext: Ciphertext, limbs: number = DATA_LIMBS): SwitchedCiphertext {
    const bytes = ciphertext.saveToArray(this.seal.ComprModeType.none) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const read = (from: number): Uint32Array =>
      Uint32Array.from({ length: limbs * RING_DEGREE }, (_, i) =>
        view.getUint32(CIPHERTEXT_HEADER_BYTES + 8 * (from + i), true),
      );
    return { c0: read(0), c1: read(limbs * RING_DEGREE) };
  }

  /** Decryption of a ciphertext under a secret key in SEAL's bytes, centred; 8,192 coefficients. */
  decrypt(ciphertext: Ciphertext, secretKey: Uint8Array): bigint[] {
    const key = this.scope.keep(new this.seal.SecretKey());
    key.loadFromArray(this.context, secretKey);
    const plaintext = this.scope.keep(new this.seal.Plaintext());
    this.scope.keep(new this.seal.Decryptor(this.context, key)).decrypt(ciphertext, plaintext);
    const bytes = plaintext.saveToArray(this.seal.ComprModeType.none) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: RING_DEGREE }, (_, i) => {
      const at = PLAINTEXT_HEADER_BYTES + 8 * i;
      return at < bytes.length ? BigInt.asIntN(PLAIN_MODULUS_BITS, view.getBigUint64(at, true)) : 0n;
    });
  }
}
