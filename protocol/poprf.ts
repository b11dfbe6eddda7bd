/**
 * The partially oblivious pseudorandom function POPRF(ristretto255, SHA-512) of RFC 9497.
 *
 * Parties: the gate holds the key of an epoch; a bank holds an input. `info` is public and binds every evaluation to
 * one computation. Trust: the gate learns neither input nor output, the bank learns one output for each evaluation,
 * and the proof shows it that the key is the one on chain. Runs on libsodium's WebAssembly, in Node and in browsers.
 * Source: RFC 9497, sections 3.1, 3.2.1 and 3.3.3.
 */
import { concat, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { createHkdf, type HkdfPort } from './hkdf.ts';
import { PROOF_BYTES, proveDleq, verifyDleq } from './poprf/dleq.ts';
import {
  addElements,
  addScalars,
  assertElement,
  assertScalar,
  hashToGroup,
  hashToKey,
  hashToScalar,
  hmacSha256,
  invertScalar,
  invertScalars,
  isZero,
  loadGroup,
  multiply,
  multiplyBase,
  prefixed,
  reduceScalar,
  sha512,
} from './poprf/group.ts';

/** Bytes of an element, of a scalar and of a public key. */
export const POPRF_ELEMENT_BYTES = 32;
/** Bytes of an output. */
export const POPRF_OUTPUT_BYTES = 64;
/** Bytes of the proof of one batch. */
export const POPRF_PROOF_BYTES = PROOF_BYTES;
/** Most elements of one batch; the format of RFC 9497 would allow 65,535. */
export const POPRF_MAX_BATCH = 1024;

const MAX_INPUT_BYTES = 0xffff;
const RANDOM_BYTES = 64;
const SEED_BYTES = 32;
const FINALIZE = utf8('Finalize');

export type PoprfKeyPair = { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };

/** What a bank keeps (`blind`) and sends (`blindedElement`); `tweakedKey` is what the proof is checked against. */
export type Blinded = {
  readonly blind: Uint8Array;
  readonly blindedElement: Uint8Array;
  readonly tweakedKey: Uint8Array;
};

/** The gate's answer: one element for each blinded one, in order, and one proof for all. */
export type Evaluated = { readonly evaluatedElements: readonly Uint8Array[]; readonly proof: Uint8Array };

/** A batch as the bank has it in the end; the arrays belong together by index. */
export type FinalizeBatch = {
  readonly inputs: readonly Uint8Array[];
  readonly blinds: readonly Uint8Array[];
  readonly blindedElements: readonly Uint8Array[];
  readonly evaluatedElements: readonly Uint8Array[];
  readonly proof: Uint8Array;
  readonly info: Uint8Array;
  readonly tweakedKey: Uint8Array;
};

/** Blinds inputs under one public key and `info`. */
export type PoprfBlinder = {
  readonly tweakedKey: Uint8Array;
  /** @param blindScalar - uniform, secret, for this input only. @throws as {@link Poprf.blind} */
  blind(input: Uint8Array, blindScalar: Uint8Array): Blinded;
};

/** Evaluates under one key and `info`. */
export type PoprfEvaluator = {
  readonly tweakedKey: Uint8Array;
  /** As {@link Poprf.evaluate}. */
  evaluate(input: Uint8Array, element?: Uint8Array): Uint8Array;
  /** As {@link Poprf.blindEvaluate}. */
  blindEvaluate(blindedElements: readonly Uint8Array[], proofScalar: Uint8Array): Evaluated;
};

/**
 * The functions of the POPRF. Inputs and `info` are at most 65,535 bytes.
 *
 * Every function throws a {@link ProtocolError}: POPRF_ELEMENT_INVALID for bytes that are no element or the identity,
 * POPRF_SCALAR_INVALID for a scalar that is not canonical or zero, POPRF_INPUT_LENGTH and POPRF_BATCH_SIZE.
 */
export type Poprf = {
  /** DeriveKeyPair. @param seed - 32 uniform bytes. @param info - what the key is for; not the info of evaluations. */
  deriveKeyPair(seed: Uint8Array, info: Uint8Array): PoprfKeyPair;
  publicKey(secretKey: Uint8Array): Uint8Array;
  /** The element of an input: independent of key and info, so that a gate may keep it for its whole register. */
  hashToGroup(input: Uint8Array): Uint8Array;
  /** A scalar from 64 uniform bytes. */
  randomScalar(randomBytes: Uint8Array): Uint8Array;
  /** Blind. Learns: the gate learns nothing from the blinded element. */
  blind(options: {
    readonly input: Uint8Array;
    readonly info: Uint8Array;
    readonly publicKey: Uint8Array;
    readonly blindScalar: Uint8Array;
  }): Blinded;
  /** {@link Poprf.blind} for many inputs: checks the key and derives the tweaked key once. */
  createBlinder(publicKey: Uint8Array, info: Uint8Array): PoprfBlinder;
  /**
   * BlindEvaluate of 1 to 1,024 elements, with one proof.
   * Learns: the gate learns the number of elements; the bank one evaluation each.
   * @param proofScalar - uniform, used once: two proofs with one proof scalar reveal the key.
   */
  blindEvaluate(options: {
    readonly secretKey: Uint8Array;
    readonly blindedElements: readonly Uint8Array[];
    readonly info: Uint8Array;
    readonly proofScalar: Uint8Array;
  }): Evaluated;
  /**
   * Finalize of a batch.
   * @returns the outputs, 64 bytes each, in order.
   * @throws {ProtocolError} POPRF_PROOF_INVALID where the gate used another key or info, or anything was changed.
   */
  finalizeBatch(batch: FinalizeBatch): Uint8Array[];
  /** Evaluate: the output of an input, for the owner of the key. @param element - the input's cached hash to group. */
  evaluate(options: {
    readonly secretKey: Uint8Array;
    readonly input: Uint8Array;
    readonly info: Uint8Array;
    readonly element?: Uint8Array;
  }): Uint8Array;
  /** HKDF-SHA256 on the same WebAssembly, for what is derived from outputs: locators and pads. */
  createOutputHkdf(): HkdfPort;
  /** {@link Poprf.evaluate} and {@link Poprf.blindEvaluate} with the work that depends on key and info done once. */
  createEvaluator(secretKey: Uint8Array, info: Uint8Array): PoprfEvaluator;
};

/** Loads the WebAssembly and returns the functions. */
export async function loadPoprf(): Promise<Poprf> {
  await loadGroup();
  return {
    deriveKeyPair,
    publicKey,
    hashToGroup: elementOf,
    randomScalar,
    blind: ({ input, info, publicKey, blindScalar }) => createBlinder(publicKey, info).blind(input, blindScalar),
    createBlinder,
    blindEvaluate: ({ secretKey, info, blindedElements, proofScalar }) =>
      createEvaluator(secretKey, info).blindEvaluate(blindedElements, proofScalar),
    finalizeBatch,
    evaluate: ({ secretKey, input, info, element }) => createEvaluator(secretKey, info).evaluate(input, element),
    createOutputHkdf: () => createHkdf(hmacSha256),
    createEvaluator,
  };
}

function deriveKeyPair(seed: Uint8Array, info: Uint8Array): PoprfKeyPair {
  assertLength(seed, SEED_BYTES, 'seed');
  const deriveInput = concat(seed, prefixed(bounded(info, 'info')));
  for (let counter = 0; counter < 256; counter++) {
    const secretKey = hashToKey(concat(deriveInput, Uint8Array.of(counter)));
    if (!isZero(secretKey)) return { secretKey, publicKey: multiplyBase(secretKey) };
  }
  throw new ProtocolError('POPRF_SCALAR_INVALID', { what: 'derived key', bytes: SEED_BYTES });
}

function publicKey(secretKey: Uint8Array): Uint8Array {
  assertScalar(secretKey, 'secret key');
  return multiplyBase(secretKey);
}

function elementOf(input: Uint8Array): Uint8Array {
  const element = hashToGroup(bounded(input, 'input'));
  if (isZero(element)) throw new ProtocolError('POPRF_ELEMENT_INVALID', { what: 'hash of the input', bytes: 32 });
  return element;
}

function randomScalar(randomBytes: Uint8Array): Uint8Array {
  assertLength(randomBytes, RANDOM_BYTES, 'random bytes of a scalar');
  const scalar = reduceScalar(randomBytes);
  assertScalar(scalar, 'random scalar');
  return scalar;
}

function createBlinder(publicKey: Uint8Array, info: Uint8Array): PoprfBlinder {
  assertElement(publicKey, 'public key');
  const tweakedKey = addElements(multiplyBase(infoScalar(info)), publicKey);
  // The identity comes out for the one info that the key's owner chose for it: whoever knows it knows the key.
  assertElement(tweakedKey, 'tweaked key');
  return {
    tweakedKey,
    blind(input, blindScalar) {
      assertScalar(blindScalar, 'blind');
      const blindedElement = multiply(blindScalar, elementOf(input), 'hash of the input');
      return { blind: blindScalar, blindedElement, tweakedKey };
    },
  };
}

function createEvaluator(secretKey: Uint8Array, info: Uint8Array): PoprfEvaluator {
  assertScalar(secretKey, 'secret key');
  const tweaked = addScalars(secretKey, infoScalar(info));
  assertScalar(tweaked, 'tweaked secret key');
  const inverse = invertScalar(tweaked);
  const tweakedKey = multiplyBase(tweaked);
  const outputOf = createOutputHash(info);
  return {
    tweakedKey,
    evaluate(input, element = elementOf(input)) {
      return outputOf(bounded(input, 'input'), multiply(inverse, element, 'hash of the input'));
    },
    blindEvaluate(blindedElements, proofScalar) {
      assertBatch(blindedElements.length, blindedElements);
      assertScalar(proofScalar, 'proof scalar');
      const evaluatedElements = blindedElements.map((element) => multiply(inverse, element, 'blinded element'));
      const statement = { key: tweakedKey, evaluated: evaluatedElements, blinded: blindedElements };
      return { evaluatedElements, proof: proveDleq(tweaked, statement, proofScalar) };
    },
  };
}

function finalizeBatch(batch: FinalizeBatch): Uint8Array[] {
  const { inputs, blinds, blindedElements, evaluatedElements, proof, tweakedKey } = batch;
  assertBatch(inputs.length, blinds, blindedElements, evaluatedElements);
  for (const blind of blinds) assertScalar(blind, 'blind');
  if (!verifyDleq({ key: tweakedKey, evaluated: evaluatedElements, blinded: blindedElements }, proof)) {
    throw new ProtocolError('POPRF_PROOF_INVALID', { elements: inputs.length });
  }
  const outputOf = createOutputHash(batch.info);
  const inverses = invertScalars(blinds);
  return inputs.map((input, i) =>
    outputOf(bounded(input, 'input'), multiply(inverses[i]!, evaluatedElements[i]!, 'evaluated element')),
  );
}

/** m of RFC 9497, 3.3.3: the scalar that stands for `info`. */
function infoScalar(info: Uint8Array): Uint8Array {
  const scalar = hashToScalar(concat(utf8('Info'), prefixed(bounded(info, 'info'))));
  assertScalar(scalar, 'info');
  return scalar;
}

/** The hash that ends Evaluate and Finalize. */
function createOutputHash(info: Uint8Array): (input: Uint8Array, issuedElement: Uint8Array) => Uint8Array {
  const framedInfo = prefixed(bounded(info, 'info'));
  return (input, issuedElement) => sha512(concat(prefixed(input), framedInfo, prefixed(issuedElement), FINALIZE));
}

function bounded(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length > MAX_INPUT_BYTES) {
    throw new ProtocolError('POPRF_INPUT_LENGTH', { what, maxBytes: MAX_INPUT_BYTES, gotBytes: bytes.length });
  }
  return bytes;
}

function assertLength(bytes: Uint8Array, expectedBytes: number, what: string): void {
  if (bytes.length !== expectedBytes) {
    throw new ProtocolError('BYTES_LENGTH', { what, expectedBytes, gotBytes: bytes.length });
  }
}

function assertBatch(expected: number, ...columns: readonly (readonly Uint8Array[])[]): void {
  for (const got of [expected, ...columns.map((column) => column.length)]) {
    if (got !== expected || got < 1 || got > POPRF_MAX_BATCH) {
      throw new ProtocolError('POPRF_BATCH_SIZE', { expected, got, max: POPRF_MAX_BATCH });
    }
  }
}
