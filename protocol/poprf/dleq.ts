/**
 * The proof that one scalar joins a key pair and any number of element pairs (discrete logarithm equality, batched).
 *
 * Learns: the verifier learns that the relation holds, and nothing about the scalar.
 * Source: RFC 9497, section 2.2.
 */
import { concat, equalBytes, utf8 } from '../bytes.ts';
import {
  addElements,
  hashToScalar,
  isScalar,
  multiply,
  multiplyBase,
  prefixed,
  SCALAR_BYTES,
  SEED_TAG,
  sha512,
  subtractProduct,
  uint16be,
} from './group.ts';

/** Bytes of a proof: challenge and response. */
export const PROOF_BYTES = 2 * SCALAR_BYTES;

const COMPOSITE = utf8('Composite');
const CHALLENGE = utf8('Challenge');

/** The claim that key = k * generator and blinded[i] = k * evaluated[i] for every i; 1 to 65,535 pairs. */
export type DleqStatement = {
  readonly key: Uint8Array;
  readonly evaluated: readonly Uint8Array[];
  readonly blinded: readonly Uint8Array[];
};

/**
 * GenerateProof.
 * @param k - the scalar, valid, for which the statement holds.
 * @param proofScalar - valid, uniform, used once: two proofs with one proof scalar reveal k.
 * @returns challenge ‖ response, 64 bytes.
 */
export function proveDleq(k: Uint8Array, statement: DleqStatement, proofScalar: Uint8Array): Uint8Array {
  const m = composite(compositeWeights(statement), statement.evaluated, 'evaluated element');
  // Who knows k needs no second sum (ComputeCompositesFast).
  const z = multiply(k, m, 'composite');
  const commitments = [multiplyBase(proofScalar), multiply(proofScalar, m, 'composite')];
  const c = challenge([statement.key, m, z, ...commitments]);
  return concat(c, subtractProduct(proofScalar, c, k));
}

/**
 * VerifyProof.
 * @param proof - any bytes.
 * @throws {ProtocolError} POPRF_ELEMENT_INVALID where an element of the statement is none.
 */
export function verifyDleq(statement: DleqStatement, proof: Uint8Array): boolean {
  const c = proof.slice(0, SCALAR_BYTES);
  const s = proof.slice(SCALAR_BYTES);
  // A challenge or response of zero is correct with probability 2^-252 only, and libsodium multiplies by neither.
  if (!isScalar(c) || !isScalar(s)) return false;
  const weights = compositeWeights(statement);
  const m = composite(weights, statement.evaluated, 'evaluated element');
  const z = composite(weights, statement.blinded, 'blinded element');
  const onKey = addElements(multiplyBase(s), multiply(c, statement.key, 'tweaked key'));
  const onComposites = addElements(multiply(s, m, 'composite'), multiply(c, z, 'composite'));
  return equalBytes(challenge([statement.key, m, z, onKey, onComposites]), c);
}

/** The weights d_i of ComputeComposites, one for each pair. */
function compositeWeights({ key, evaluated, blinded }: DleqStatement): Uint8Array[] {
  const seed = prefixed(sha512(concat(prefixed(key), prefixed(SEED_TAG))));
  return evaluated.map((element, i) =>
    hashToScalar(concat(seed, uint16be(i), prefixed(element), prefixed(blinded[i]!), COMPOSITE)),
  );
}

function composite(weights: readonly Uint8Array[], elements: readonly Uint8Array[], what: string): Uint8Array {
  const [first, ...rest] = elements.map((element, i) => multiply(weights[i]!, element, what));
  return rest.reduce(addElements, first!);
}

function challenge(elements: readonly Uint8Array[]): Uint8Array {
  return hashToScalar(concat(...elements.map(prefixed), CHALLENGE));
}
