/**
 * What the consortium derives from a base register: tags of subjects, the slots of a computation, locators, and the
 * key pair of a participant.
 *
 * Parties: departments and gates share the register key, a bank never has it. Learns: who holds the key can tell who
 * is in the register; without it a tag, a slot or a locator tells nothing.
 */
import { concatPrefixed, uint32be, utf8 } from './bytes.ts';
import { domains } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { createHmacSha256, type HkdfPort, hkdfExpand, hkdfExtract, hkdfSha256 } from './hkdf.ts';
import type { SubjectId } from './identifier.ts';
import { x25519PublicKey } from './signature.ts';

/** Bytes of a register key, of a node's seed, of a computation id and of a tag. */
export const REGISTER_KEY_BYTES = 32;
/** Bytes of a locator. */
export const LOCATOR_BYTES = 8;
/** Most subjects of a register, so that a rank fits a word of the keystream with little rejection. */
export const MAX_REGISTER_SIZE = 2 ** 30;

const POPRF_OUTPUT_BYTES = 64;
/** Words that one key of the permutation's stream gives. */
const WORDS_PER_KEY = 65_536;

/** AES-256-CTR keystream under a 32-byte key from a zero counter block, `lengthBytes` bytes. */
export type Keystream = (key: Uint8Array, lengthBytes: number) => Uint8Array;

/**
 * The tag of a subject in one register version: HMAC-SHA256(register key, id), 32 bytes.
 * @throws {ProtocolError} BYTES_LENGTH
 */
export function registerTag(registerKey: Uint8Array, id: SubjectId): Uint8Array {
  return createRegisterTagger(registerKey)(id);
}

/** {@link registerTag} for many subjects. @throws {ProtocolError} BYTES_LENGTH */
export function createRegisterTagger(registerKey: Uint8Array): (id: SubjectId) => Uint8Array {
  assertBytes(registerKey, REGISTER_KEY_BYTES, 'register key');
  const tag = createHmacSha256(registerKey);
  return (id) => tag(utf8(id));
}

/**
 * The slots of a computation: a permutation of the whole register.
 * @param options.registerKey - 32 bytes, of the register version of the computation.
 * @param options.computationId - 32 bytes.
 * @param options.count - number of subjects of the register, 1 to 2^30.
 * @param options.expand - the keystream; every call gets another key.
 * @returns slot by rank, where rank is the subject's place in the register as published.
 * @throws {ProtocolError} BYTES_LENGTH, REGISTER_SIZE
 * Source: Fisher and Yates, as Durstenfeld 1964; words that would bias a draw are rejected.
 */
export function slotPermutation(options: {
  readonly registerKey: Uint8Array;
  readonly computationId: Uint8Array;
  readonly count: number;
  readonly expand: Keystream;
}): Uint32Array {
  const { registerKey, computationId, count, expand } = options;
  assertBytes(registerKey, REGISTER_KEY_BYTES, 'register key');
  assertBytes(computationId, REGISTER_KEY_BYTES, 'computation id');
  if (!Number.isInteger(count) || count < 1 || count > MAX_REGISTER_SIZE) {
    throw new ProtocolError('REGISTER_SIZE', { count, max: MAX_REGISTER_SIZE });
  }
  const draw = createDraw(hkdfExtract(computationId, registerKey), expand);
  const slots = Uint32Array.from({ length: count }, (_, rank) => rank);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    const moved = slots[last]!;
    slots[last] = slots[other]!;
    slots[other] = moved;
  }
  return slots;
}

/**
 * The locator that a gate publishes with the sealed table: HKDF-SHA256 of the subject's POPRF output, 8 bytes.
 * @param poprfOutput - 64 bytes.
 * @param hkdf - the gate, which derives pads from the same output, brings one that keeps the extraction.
 * @throws {ProtocolError} BYTES_LENGTH
 */
export function locatorFromOutput(poprfOutput: Uint8Array, hkdf: HkdfPort = plainHkdf): Uint8Array {
  assertBytes(poprfOutput, POPRF_OUTPUT_BYTES, 'POPRF output');
  return hkdf(poprfOutput, LOCATOR_INFO, LOCATOR_BYTES);
}

/**
 * A participant's X25519 key pair for one computation, the same at every call.
 * @param nodeSeed - the node's secret seed, 32 bytes.
 * @param computationId - 32 bytes.
 * @throws {ProtocolError} BYTES_LENGTH
 */
export function computationKeyPair(
  nodeSeed: Uint8Array,
  computationId: Uint8Array,
): { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array } {
  assertBytes(nodeSeed, REGISTER_KEY_BYTES, 'node seed');
  assertBytes(computationId, REGISTER_KEY_BYTES, 'computation id');
  const info = utf8(domains.computationKey);
  const secretKey = hkdfSha256({ ikm: nodeSeed, salt: computationId, info, length: 32 });
  return { secretKey, publicKey: x25519PublicKey(secretKey) };
}

const LOCATOR_INFO = utf8(domains.locator);
const plainHkdf: HkdfPort = (ikm, info, length) => hkdfSha256({ ikm, salt: new Uint8Array(), info, length });

/** Uniform integers 0 <= n < bound from the keystream: little-endian words, those past a multiple of bound rejected. */
function createDraw(pseudorandomKey: Uint8Array, expand: Keystream): (bound: number) => number {
  let words: DataView = new DataView(new ArrayBuffer(0));
  let [offset, keys] = [0, 0];
  const nextWord = (): number => {
    if (offset === words.byteLength) {
      const info = concatPrefixed(utf8(domains.permutation), uint32be(keys));
      const stream = expand(hkdfExpand(pseudorandomKey, info, 32), 4 * WORDS_PER_KEY);
      assertBytes(stream, 4 * WORDS_PER_KEY, 'keystream');
      words = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
      [offset, keys] = [0, keys + 1];
    }
    offset += 4;
    return words.getUint32(offset - 4, true);
  };
  return (bound) => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = nextWord();
    while (word >= limit) word = nextWord();
    return word % bound;
  };
}

function assertBytes(bytes: Uint8Array, expectedBytes: number, what: string): void {
  if (bytes.length !== expectedBytes) {
    throw new ProtocolError('BYTES_LENGTH', { what, expectedBytes, gotBytes: bytes.length });
  }
}
