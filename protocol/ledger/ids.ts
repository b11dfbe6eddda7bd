/**
 * Names and digests as the contracts hold them.
 *
 * Outside of this folder an organisation is its text id and a digest is 64 lower-case hex digits; the contracts take
 * `0x`-prefixed words of 32 bytes. All translation between the two is here.
 */
import { decodeBytes32String, encodeBytes32String, getAddress, keccak256 } from 'ethers';
import { concat, fromHex, toHex, uint32be } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';

const ORG_PATTERN = /^[a-z0-9][a-z0-9-]{0,30}$/;
const LABEL_PATTERN = /^[a-z0-9][a-z0-9._-]{0,30}$/;
const WORD_PATTERN = /^0x[0-9a-f]{64}$/;

/** @returns whether `id` is a well-formed organisation id. */
export function isOrgId(id: string): boolean {
  return ORG_PATTERN.test(id);
}

/**
 * The word that stands for an organisation on chain.
 * @param id - `^[a-z0-9][a-z0-9-]{0,30}$`.
 * @throws {ProtocolError} CHAIN_LABEL_INVALID
 */
export function orgToBytes32(id: string): string {
  if (!isOrgId(id)) throw invalidLabel('organisation id', ORG_PATTERN);
  return encodeBytes32String(id);
}

/** The organisation id in a word. @throws {ProtocolError} CHAIN_LABEL_INVALID where the word holds none. */
export function bytes32ToOrg(word: string): string {
  const text = decodeLabel(word);
  if (text === null || !isOrgId(text)) throw invalidLabel('organisation id', ORG_PATTERN);
  return text;
}

/**
 * The word for a short name (purpose code, dataset name).
 * @param label - `^[a-z0-9][a-z0-9._-]{0,30}$`.
 * @throws {ProtocolError} CHAIN_LABEL_INVALID
 */
export function labelToBytes32(label: string): string {
  if (!LABEL_PATTERN.test(label)) throw invalidLabel('short name', LABEL_PATTERN);
  return encodeBytes32String(label);
}

/**
 * The short name in a word; where a member wrote something else, the word itself as `0x` and 64 digits, which no short
 * name equals: one member's odd entry must not stop the others from reading.
 */
export function bytes32ToLabel(word: string): string {
  const text = decodeLabel(word);
  return text !== null && LABEL_PATTERN.test(text) ? text : word.toLowerCase();
}

/** 64 hex digits as a contract takes them. @throws {ProtocolError} MALFORMED_HEX */
export function toWord(hex: string): string {
  fromHex(hex, 32);
  return `0x${hex}`;
}

/** A word from the chain as 64 hex digits. @throws {ProtocolError} MALFORMED_HEX */
export function fromWord(word: string): string {
  const lower = word.toLowerCase();
  if (!WORD_PATTERN.test(lower)) throw new ProtocolError('MALFORMED_HEX', { expectedBytes: 32 });
  return lower.slice(2);
}

/** 40 hex digits as a contract takes an account. @throws {ProtocolError} MALFORMED_HEX */
export function toAccount(hex: string): string {
  fromHex(hex, 20);
  return getAddress(`0x${hex}`);
}

/** An account from the chain as 40 lower-case hex digits. */
export function fromAccount(account: string): string {
  return getAddress(account).slice(2).toLowerCase();
}

/**
 * Id of a dataset version, known before it is published: keccak256(abi.encode(owner, name, version)).
 * @param owner - organisation id.
 * @param name - short name of the dataset.
 * @param version - 1 to 2^32 - 1.
 * @returns 64 hex digits.
 * @throws {ProtocolError} CHAIN_LABEL_INVALID, CHAIN_NUMBER_INVALID
 */
export function datasetVersionId(owner: string, name: string, version: number): string {
  assertInteger('dataset version', version, 1, 0xffffffff);
  const words = [fromHex(orgToBytes32(owner).slice(2)), fromHex(labelToBytes32(name).slice(2))];
  return keccak256(concat(...words, new Uint8Array(28), uint32be(version))).slice(2);
}

/** keccak256 of the code at an address, as in a deployment file; 64 hex digits. */
export function codeHash(code: Uint8Array): string {
  return keccak256(code).slice(2);
}

/** @throws {ProtocolError} CHAIN_NUMBER_INVALID unless `value` is an integer within the bounds. */
export function assertInteger(what: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ProtocolError('CHAIN_NUMBER_INVALID', { what, min, max });
  }
}

/** Lower-case hex of `0x`-prefixed bytes. */
export function bytesFromRpc(data: string): Uint8Array {
  return fromHex(data.toLowerCase().replace(/^0x/, ''));
}

/** `0x`-prefixed hex of bytes. */
export function bytesToRpc(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}

function decodeLabel(word: string): string | null {
  try {
    return decodeBytes32String(word);
  } catch {
    return null;
  }
}

function invalidLabel(kind: string, pattern: RegExp): ProtocolError {
  return new ProtocolError('CHAIN_LABEL_INVALID', { kind, expected: pattern.source });
}
