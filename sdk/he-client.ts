/**
 * The bank's side of sealed scoring: keys, sealing of weights, opening of single scores. The only user of SEAL.
 *
 * Parties: the bank alone. Trust: the secret key never leaves the bank but for the certificate's audit; weights leave
 * only as seeded symmetric encryptions of constant polynomials; a chunk's words come from the strict parsers.
 * Runs in Node and in a browser.
 * Source: DESIGN.md 3.2, steps 1 and 5.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RlweParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import {
  PLAIN_MODULUS,
  PLAIN_MODULUS_BITS,
  RING_DEGREE,
  RING_TAG,
  SWITCHED_LIMBS,
  SWITCHED_MODULUS,
  SWITCHED_PRIMES,
} from '@sealedger/protocol/rlwe/ring.ts';
import type { SealedChunk } from '@sealedger/protocol/rlwe/sum.ts';
import {
  parsePublicKeyRecord,
  type SeededCiphertext,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
} from '@sealedger/protocol/rlwe/wire.ts';
import {
  type Ciphertext,
  type Encryptor,
  initialize,
  type MainModule,
  type SEALContext,
  type SecretKey,
} from 'node-seal';
import {
  createSealContext,
  fillSwitched,
  HandleScope,
  readCoefficient,
  readSeeded,
  withHandles,
  writeConstant,
  writeSeeded,
} from './he-context.ts';

/** What a bank stores to go on after a restart: the secret key as SEAL writes it, and the public key's record. */
export interface StoredModelKeys {
  /** Secret: keep it sealed at rest. */
  readonly secretKey: Uint8Array;
  readonly publicKeyRecord: Uint8Array;
}

export interface SealedModelOwnerOptions {
  /** When given, its ring must be this build's. */
  readonly parameters?: RlweParameters;
  /** Keys of an earlier run; without them new ones are made. */
  readonly stored?: StoredModelKeys;
  /** An initialised node-seal module; without it one is loaded. */
  readonly seal?: MainModule;
}

export interface SealedModelOwner {
  /** Seeded encryption of zero, for re-randomising; public. */
  readonly publicKeyRecord: Uint8Array;
  /**
   * Encrypts each weight as a constant polynomial: one record per feature, made once for any number of people.
   * @param weights - score units per feature unit, each strictly inside ±2^43.
   * @throws {ProtocolError} RLWE_WEIGHT_RANGE
   */
  encryptWeights(weights: readonly bigint[]): Uint8Array[];
  /** The secret key in SEAL's form, to be stored sealed; the caller wipes it. */
  secretKeyBytes(): Uint8Array;
  /**
   * The secret key as its 8,192 coefficients of −1, 0 and 1, for the model certificate; the caller wipes them.
   * Learns: who is given them can read every weight, and nothing of a table without the gates' pads.
   */
  secretCoefficients(): Int32Array;
  /**
   * Decrypts a chunk and reads some of its coefficients. Learns: the bank learns the scores at `indexes` whose pads were
   * taken off; a coefficient that is still locked comes out as a uniform number.
   * @param indexes - slots in 0..8191. @returns score units, each inside ±2^43.
   * @throws {ProtocolError} RLWE_INDEX
   */
  openCoefficients(chunk: SealedChunk, indexes: readonly number[]): bigint[];
  /** Frees every SEAL object; nothing else may be called afterwards. */
  delete(): void;
}

/**
 * Makes or restores the bank's keys for one model.
 * @throws {ProtocolError} RLWE_RECORD_PARAMETERS, RLWE_SECRET_KEY, RLWE_SEAL_FORMAT, and what the record parser refuses.
 */
export async function createSealedModelOwner(options: SealedModelOwnerOptions = {}): Promise<SealedModelOwner> {
  if (options.parameters !== undefined && options.parameters.ringTag !== RING_TAG) {
    throw new ProtocolError('RLWE_RECORD_PARAMETERS', { kind: 'parameters', expected: RING_TAG });
  }
  const seal = options.seal ?? (await initialize());
  const scope = new HandleScope();
  try {
    return buildOwner(seal, scope, options.stored);
  } catch (error) {
    scope.delete();
    throw error;
  }
}

/** Everything that lives as long as the owner. */
interface SealParts {
  readonly seal: MainModule;
  readonly context: SEALContext;
  readonly secretKey: SecretKey;
  readonly encryptor: Encryptor;
  readonly constantTemplate: Uint8Array;
}

function buildOwner(seal: MainModule, scope: HandleScope, stored: StoredModelKeys | undefined): SealedModelOwner {
  const context = scope.keep(createSealContext(seal));
  const secretKey = scope.keep(stored === undefined ? generateKey(seal, context) : loadKey(seal, context, stored));
  const parts: SealParts = { seal, context, secretKey, ...createEncryptor(seal, scope, context, secretKey) };
  const publicKeyRecord = stored?.publicKeyRecord.slice() ?? serialisePublicKeyRecord(encryptConstant(parts, 0n));
  if (stored !== undefined) assertKeysFit(parts, parsePublicKeyRecord(publicKeyRecord));
  const open = createOpener(parts, scope);
  return {
    publicKeyRecord,
    encryptWeights: (weights) => {
      weights.forEach(assertWeight);
      return weights.map((weight) => serialiseWeightRecord(encryptConstant(parts, weight)));
    },
    secretKeyBytes: () => secretKey.saveToArray(seal.ComprModeType.none) as Uint8Array,
    secretCoefficients: () => secretCoefficients(open),
    openCoefficients: open,
    delete: () => scope.delete(),
  };
}

function generateKey(seal: MainModule, context: SEALContext): SecretKey {
  return withHandles((scope) => scope.keep(new seal.KeyGenerator(context)).secretKey());
}

function loadKey(seal: MainModule, context: SEALContext, stored: StoredModelKeys): SecretKey {
  const key = new seal.SecretKey();
  try {
    key.loadFromArray(context, stored.secretKey);
    return key;
  } catch (cause) {
    key.delete();
    throw new ProtocolError('RLWE_SECRET_KEY', {}, { cause });
  }
}

/** SEAL's encryptor wants a public key of its own kind, which nothing here uses; symmetric encryption takes the secret key. */
function createEncryptor(
  seal: MainModule,
  scope: HandleScope,
  context: SEALContext,
  secretKey: SecretKey,
): Pick<SealParts, 'encryptor' | 'constantTemplate'> {
  return withHandles((temporary) => {
    const generator = temporary.keep(new seal.KeyGenerator(context, secretKey));
    const publicKey = temporary.keep(generator.createPublicKey());
    const constant = temporary.keep(new seal.Plaintext(1, 1));
    return {
      encryptor: scope.keep(new seal.Encryptor(context, publicKey, secretKey)),
      constantTemplate: constant.saveToArray(seal.ComprModeType.none) as Uint8Array,
    };
  });
}

function assertWeight(weight: bigint, index: number): void {
  const limit = PLAIN_MODULUS / 2n;
  if (weight <= -limit || weight >= limit) {
    throw new ProtocolError('RLWE_WEIGHT_RANGE', { index, limitBits: PLAIN_MODULUS_BITS - 1 });
  }
}

function encryptConstant(parts: SealParts, weight: bigint): SeededCiphertext {
  return readSeeded(encryptToBytes(parts, weight));
}

function encryptToBytes({ seal, context, encryptor, constantTemplate }: SealParts, weight: bigint): Uint8Array {
  return withHandles((scope) => {
    const plaintext = scope.keep(new seal.Plaintext());
    plaintext.loadFromArray(context, writeConstant(constantTemplate, BigInt.asUintN(PLAIN_MODULUS_BITS, weight)));
    const sealed = scope.keep(encryptor.encryptSymmetricSerializable(plaintext));
    return sealed.saveToArray(seal.ComprModeType.none) as Uint8Array;
  });
}

/** A public key of another secret key decrypts to noise, which is zero in all coefficients with probability 0. */
function assertKeysFit(parts: SealParts, publicKey: SeededCiphertext): void {
  const { seal, context, secretKey } = parts;
  const bytes = writeSeeded(encryptToBytes(parts, 0n), publicKey);
  withHandles((scope) => {
    const ciphertext = scope.keep(new seal.Ciphertext(context));
    ciphertext.loadFromArray(context, bytes);
    const plaintext = scope.keep(new seal.Plaintext());
    scope.keep(new seal.Decryptor(context, secretKey)).decrypt(ciphertext, plaintext);
    if (!plaintext.isZero()) throw new ProtocolError('RLWE_SECRET_KEY');
  });
}

function createOpener(parts: SealParts, scope: HandleScope): SealedModelOwner['openCoefficients'] {
  const { seal, context, secretKey } = parts;
  const decryptor = scope.keep(new seal.Decryptor(context, secretKey));
  const ciphertext: Ciphertext = scope.keep(new seal.Ciphertext(context));
  const plaintext = scope.keep(new seal.Plaintext());
  const template = switchedTemplate(parts);
  return (chunk, indexes) => {
    for (const index of indexes) {
      if (!Number.isInteger(index) || index < 0 || index >= RING_DEGREE)
        throw new ProtocolError('RLWE_INDEX', { index });
    }
    ciphertext.loadFromArray(context, fillSwitched(template, chunk));
    decryptor.decrypt(ciphertext, plaintext);
    const bytes = plaintext.saveToArray(seal.ComprModeType.none) as Uint8Array;
    return indexes.map((index) => BigInt.asIntN(PLAIN_MODULUS_BITS, readCoefficient(bytes, index)));
  };
}

/** SEAL keeps its key transformed; the ciphertext (0, round(q'/t)) decrypts to the key's coefficients themselves. */
function secretCoefficients(open: SealedModelOwner['openCoefficients']): Int32Array {
  const words = SWITCHED_LIMBS * RING_DEGREE;
  const c1 = new Uint32Array(words);
  SWITCHED_PRIMES.forEach((prime, limb) => {
    c1[limb * RING_DEGREE] = Number((SWITCHED_MODULUS / PLAIN_MODULUS) % BigInt(prime));
  });
  const every = Array.from({ length: RING_DEGREE }, (_, i) => i);
  return Int32Array.from(open({ c0: new Uint32Array(words), c1 }, every), Number);
}

/** Bytes of some ciphertext at the level of two primes: their head is the head of every chunk. */
function switchedTemplate(parts: SealParts): Uint8Array {
  const { seal, context } = parts;
  return withHandles((scope) => {
    const ciphertext = scope.keep(new seal.Ciphertext(context));
    ciphertext.loadFromArray(context, encryptToBytes(parts, 0n));
    const evaluator = scope.keep(new seal.Evaluator(context));
    evaluator.cipherModSwitchToNextInplace(ciphertext);
    evaluator.cipherModSwitchToNextInplace(ciphertext);
    return ciphertext.saveToArray(seal.ComprModeType.none) as Uint8Array;
  });
}
