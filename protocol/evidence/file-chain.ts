/**
 * Blocks and receipts as a bundle's file has them: fields instead of RLP, and no bloom filter in full.
 *
 * Nothing is lost. A receipt's bloom filter is a function of its logs; a header's is mostly zeros, so its set bits are
 * listed; a word of a log's data is written without leading zero bytes. The exact bytes come back, and their hashes decide.
 * Source: Ethereum yellow paper, section 4.3.1 (bloom filter), 4.3 (receipt), appendix B (RLP).
 */
import { decodeRlp, encodeRlp, keccak256 } from 'ethers';
import { z } from 'zod';
import { concat, fromHex, toHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { BundleBlock, BundleReceipt } from './bundle.ts';
import { headerOf } from './bundle-order.ts';

const BLOOM_BYTES = 256;
const BLOOM_FIELD = 6;
const HEADER_FIELDS = { min: 15, max: 21 } as const;
/** From here on the bloom filter in hex is the shorter form. */
const MAX_LISTED_BITS = 100;
const WORD_DIGITS = 64;

const hex = z.string().regex(/^([0-9a-f]{2})*$/, 'lower-case hex');
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes as 64 lower-case hex digits');
const bit = z.int().min(0).max(2047);

export const fileLogSchema = z.strictObject({
  address: z.string().regex(/^[0-9a-f]{40}$/, '20 bytes as 40 lower-case hex digits'),
  topics: z.array(hex32).max(4),
  /** Words of 32 bytes without leading zero bytes; as one text where the data are no such words. */
  data: z.union([z.array(hex.max(WORD_DIGITS)), hex]),
});

export const fileReceiptSchema = z.strictObject({
  /** Index of the transaction. */
  at: z.int().min(0),
  /** Nodes of the receipts trie above the leaf, from the root down. */
  above: z.array(hex.min(2)).max(63),
  /** Hex-prefix encoded rest of the path in the leaf. */
  leaf: hex.min(2),
  /** EIP-2718 type; 0 for none. */
  type: z.int().min(0).max(0x7f),
  /** Cumulative gas used, big-endian without leading zeros. */
  gas: hex.max(WORD_DIGITS),
  logs: z.array(fileLogSchema),
});

export const fileBlockSchema = z.strictObject({
  /** Fields of the header in order, each in hex, but for the bloom filter. */
  header: z
    .array(hex)
    .min(HEADER_FIELDS.min - 1)
    .max(HEADER_FIELDS.max - 1),
  /** Set bits of the header's bloom filter in ascending order, or the whole in hex. */
  bloom: z.union([z.array(bit).max(MAX_LISTED_BITS), z.string().regex(/^[0-9a-f]{512}$/)]),
  /** Validator and signature. */
  seals: z.array(z.tuple([hex32, z.string().regex(/^[0-9a-f]{128}$/)])).max(64),
  receipts: z.array(fileReceiptSchema),
});
export type FileBlock = z.output<typeof fileBlockSchema>;
type FileReceipt = z.output<typeof fileReceiptSchema>;
type FileLog = z.output<typeof fileLogSchema>;
type Rlp = string | Rlp[];

/** @throws {ProtocolError} BLOCK_HEADER_MALFORMED, RECEIPT_PROOF_INVALID */
export function packBlock(block: BundleBlock, receipts: readonly BundleReceipt[], bits: BloomBits): FileBlock {
  const fields = decode(block.header).map((field) => textOf(field).slice(2));
  const bloom = fields[BLOOM_FIELD]!;
  return {
    header: fields.filter((_, place) => place !== BLOOM_FIELD),
    bloom: packBloom(bloom),
    seals: block.seals.map(({ validator, signature }) => [validator, signature]),
    receipts: receipts.map((receipt) => packReceipt(receipt, bits)),
  };
}

export function unpackBlock(block: FileBlock, bits: BloomBits): { block: BundleBlock; receipts: BundleReceipt[] } {
  const fields = block.header.toSpliced(BLOOM_FIELD, 0, unpackBloom(block.bloom));
  const unpacked: BundleBlock = {
    header: encodeRlp(fields.map(prefixed)).slice(2),
    seals: block.seals.map(([validator, signature]) => ({ validator, signature })),
  };
  const { hash } = headerOf(unpacked);
  return {
    block: unpacked,
    receipts: block.receipts.map((receipt) => ({
      block: hash,
      transactionIndex: receipt.at,
      proof: [...receipt.above, unpackLeaf(receipt, bits)],
    })),
  };
}

function packReceipt({ transactionIndex, proof }: BundleReceipt, bits: BloomBits): FileReceipt {
  const node = decode(proof.at(-1) ?? '');
  const [leaf, value] = node;
  if (node.length !== 2 || typeof leaf !== 'string' || typeof value !== 'string') return refuse();
  const bytes = fromHex(value.slice(2));
  const isTyped = bytes[0] !== undefined && bytes[0] < 0x80;
  const [status, gas, bloom, logs] = decode(toHex(isTyped ? bytes.subarray(1) : bytes));
  if (status !== '0x01' || typeof gas !== 'string' || typeof bloom !== 'string' || !Array.isArray(logs))
    return refuse();
  const packed: FileReceipt = {
    at: transactionIndex,
    above: proof.slice(0, -1),
    leaf: leaf.slice(2),
    type: isTyped ? bytes[0]! : 0,
    gas: gas.slice(2),
    logs: logs.map(packLog),
  };
  if (unpackLeaf(packed, bits) !== proof.at(-1)) return refuse();
  return packed;
}

function unpackLeaf({ leaf, type, gas, logs }: FileReceipt, bits: BloomBits): string {
  const lists = logs.map(({ address, topics, data }) => [
    prefixed(address),
    topics.map(prefixed),
    prefixed(typeof data === 'string' ? data : data.map((word) => word.padStart(WORD_DIGITS, '0')).join('')),
  ]);
  const body = fromHex(encodeRlp(['0x01', prefixed(gas), prefixed(bloomOf(logs, bits)), lists]).slice(2));
  const receipt = type === 0 ? body : concat(Uint8Array.of(type), body);
  return encodeRlp([prefixed(leaf), receipt]).slice(2);
}

function packLog(log: Rlp): FileLog {
  const [address, topics, data] = Array.isArray(log) ? log : refuse();
  if (typeof address !== 'string' || !Array.isArray(topics) || typeof data !== 'string') return refuse();
  return {
    address: address.slice(2),
    topics: topics.map((topic) => textOf(topic).slice(2)),
    data: packData(data.slice(2)),
  };
}

function packData(data: string): string | string[] {
  if (data.length % WORD_DIGITS !== 0) return data;
  return (data.match(/.{64}/g) ?? []).map((word) => word.replace(/^(00)+/, ''));
}

/** Bits of the bloom filter that an address or a topic sets: three numbers of 11 bits. */
export type BloomBits = (value: string) => readonly number[];

/** {@link BloomBits} that hashes each value once: the same addresses and topics stand in most receipts of a bundle. */
export function bloomBits(): BloomBits {
  const known = new Map<string, readonly number[]>();
  return (value) => {
    const bits = known.get(value) ?? hashedBits(value);
    known.set(value, bits);
    return bits;
  };
}

function hashedBits(value: string): number[] {
  const hash = fromHex(keccak256(prefixed(value)).slice(2));
  return [0, 2, 4].map((place) => ((hash[place]! << 8) | hash[place + 1]!) & 2047);
}

function bloomOf(logs: readonly FileLog[], bits: BloomBits): string {
  return bloomOfBits(logs.flatMap(({ address, topics }) => [address, ...topics].flatMap((value) => bits(value))));
}

function bloomOfBits(bits: readonly number[]): string {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const place of bits) bloom[BLOOM_BYTES - 1 - (place >> 3)]! |= 1 << (place & 7);
  return toHex(bloom);
}

function packBloom(bloom: string): FileBlock['bloom'] {
  const bytes = fromHex(bloom);
  if (bytes.length !== BLOOM_BYTES) throw new ProtocolError('BLOCK_HEADER_MALFORMED', {});
  const bits: number[] = [];
  for (let place = 0; place < 8 * BLOOM_BYTES; place++) {
    if (((bytes[BLOOM_BYTES - 1 - (place >> 3)]! >> (place & 7)) & 1) === 1) bits.push(place);
  }
  return bits.length > MAX_LISTED_BITS ? bloom : bits;
}

function unpackBloom(bloom: FileBlock['bloom']): string {
  return typeof bloom === 'string' ? bloom : bloomOfBits(bloom);
}

function decode(encoded: string): Rlp[] {
  try {
    const list = decodeRlp(prefixed(encoded)) as Rlp;
    return Array.isArray(list) ? list : refuse();
  } catch (cause) {
    throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'no RLP list' }, { cause });
  }
}

function textOf(part: Rlp): string {
  return typeof part === 'string' ? part : refuse();
}

function prefixed(digits: string): string {
  return `0x${digits}`;
}

function refuse(): never {
  throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'the receipt is malformed' });
}
