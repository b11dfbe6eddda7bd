/**
 * What ties a contract's event to a block without trusting the node that was asked: header, receipts trie, receipt, log.
 *
 * The prover is a consortium node with an RPC (its answers come in as arguments and are checked against the block's
 * hash); the verifier has the header's bytes, a proof and the hash that a validator sealed.
 * Source: bft-header.ts; Ethereum yellow paper, sections 4.3 and 4.4; EIP-1559, 2718, 4788, 4844, 4895, 7685.
 */
import { decodeRlp, encodeRlp, keccak256, toBeArray } from 'ethers';
import { z } from 'zod';
import { concat, fromHex, toHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { parseDocument } from '../schema.ts';
import { type CommitSeals, readBftHeader } from './bft-header.ts';
import { buildReceiptTrie, readReceiptProof } from './trie.ts';

const hexData = z.string().regex(/^0x([0-9a-f]{2})*$/);
const quantity = z.string().regex(/^0x[0-9a-f]+$/);

/** The answer of `eth_getBlockByNumber`, as far as the header needs it; fields of later forks may be absent. */
export const rpcBlockSchema = z.object({
  hash: hexData,
  parentHash: hexData,
  sha3Uncles: hexData,
  miner: hexData,
  stateRoot: hexData,
  transactionsRoot: hexData,
  receiptsRoot: hexData,
  logsBloom: hexData,
  difficulty: quantity,
  number: quantity,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: quantity,
  extraData: hexData,
  mixHash: hexData,
  nonce: hexData,
  baseFeePerGas: quantity.optional(),
  withdrawalsRoot: hexData.optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: hexData.optional(),
  requestsHash: hexData.optional(),
});

/** The answer of `eth_getTransactionReceipt`, as far as its consensus encoding needs it. */
export const rpcReceiptSchema = z.object({
  transactionIndex: quantity,
  type: quantity.optional(),
  status: quantity.optional(),
  root: hexData.optional(),
  cumulativeGasUsed: quantity,
  logsBloom: hexData,
  logs: z.array(z.object({ address: hexData, topics: z.array(hexData), data: hexData })),
});

/** What a verifier reads out of a header; hashes in hex without 0x. */
export type BlockHeader = {
  readonly hash: string;
  readonly parentHash: string;
  readonly receiptsRoot: string;
  readonly number: number;
  readonly timestampSeconds: number;
  /** Seals of validators in the header itself; null where the chain has none there. */
  readonly commit: CommitSeals | null;
};

/** One log of a receipt, as the chain has it; 0x-prefixed, since a contract interface reads it next. */
export type ReceiptLog = { readonly address: string; readonly topics: readonly string[]; readonly data: string };

const QUANTITIES = new Set([
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'baseFeePerGas',
  'blobGasUsed',
  'excessBlobGas',
]);
const HEADER_FIELDS = [
  'parentHash',
  'sha3Uncles',
  'miner',
  'stateRoot',
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'extraData',
  'mixHash',
  'nonce',
  'baseFeePerGas',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
] as const;
const FIELDS_OF_THE_FIRST_FORK = 15;

/**
 * RLP of a block's header out of an RPC answer.
 * @returns lower-case hex without 0x.
 * @throws {ProtocolError} SCHEMA_MISMATCH; BLOCK_HEADER_MISMATCH where the bytes do not hash to the block's hash, because
 * the answer is wrong or the chain has a header form that this version does not know.
 */
export function encodeHeader(answer: unknown): string {
  const block = parseDocument(rpcBlockSchema, answer, 'eth_getBlockByNumber');
  const fields: string[] = [];
  for (const name of HEADER_FIELDS) {
    const value = block[name];
    if (value === undefined) break;
    fields.push(QUANTITIES.has(name) ? minimal(value) : value);
  }
  const encoded = encodeRlp(fields).slice(2);
  if (`0x${readHeader(encoded).hash}` !== block.hash) {
    throw new ProtocolError('BLOCK_HEADER_MISMATCH', { number: block.number });
  }
  return encoded;
}

/**
 * Reads a header's bytes; its hash is computed, never taken, and leaves the seals out where they stand in the header.
 * @throws {ProtocolError} BLOCK_HEADER_MALFORMED
 */
export function readHeader(headerHex: string): BlockHeader {
  const bytes = fromHex(headerHex);
  const fields = decodeFlatList(bytes);
  const parentHash = fields[0] ?? '';
  const receiptsRoot = fields[5] ?? '';
  const isHeader =
    fields.length >= FIELDS_OF_THE_FIRST_FORK &&
    fields.length <= HEADER_FIELDS.length &&
    parentHash.length === 66 &&
    receiptsRoot.length === 66;
  if (!isHeader) throw new ProtocolError('BLOCK_HEADER_MALFORMED', {});
  const bft = readBftHeader(fields);
  return {
    hash: bft?.hash ?? keccak256(bytes).slice(2),
    commit: bft?.commit ?? null,
    parentHash: parentHash.slice(2),
    receiptsRoot: receiptsRoot.slice(2),
    number: quantityOf(fields[8]!),
    timestampSeconds: quantityOf(fields[11]!),
  };
}

/** Consensus encoding of a receipt: for typed transactions the type byte, then RLP of status, gas, bloom and logs. */
export function encodeReceipt(answer: unknown): Uint8Array {
  const receipt = parseDocument(rpcReceiptSchema, answer, 'eth_getTransactionReceipt');
  const status = receipt.status === undefined ? receipt.root : minimal(receipt.status);
  if (status === undefined) throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'neither status nor root' });
  const logs = receipt.logs.map(({ address, topics, data }) => [address, topics, data]);
  const encoded = fromHex(encodeRlp([status, minimal(receipt.cumulativeGasUsed), receipt.logsBloom, logs]).slice(2));
  const type = Number(BigInt(receipt.type ?? '0x0'));
  return type === 0 ? encoded : concat(Uint8Array.of(type), encoded);
}

/**
 * Proves the receipt of one transaction.
 * @param headerHex - the header of its block, from {@link encodeHeader}.
 * @param receipts - RPC receipts of **all** transactions of that block, in any order.
 * @returns the nodes of the proof, lower-case hex; the last one carries the receipt.
 * @throws {ProtocolError} RECEIPT_PROOF_INVALID where the receipts do not give the header's receipts root.
 */
export function proveReceipt(headerHex: string, receipts: readonly unknown[], transactionIndex: number): string[] {
  const ordered = receipts
    .map((answer) => ({
      answer,
      index: quantityOf(parseDocument(rpcReceiptSchema, answer, 'receipt').transactionIndex),
    }))
    .sort((a, b) => a.index - b.index);
  const trie = buildReceiptTrie(ordered.map(({ answer }) => encodeReceipt(answer)));
  if (trie.root !== readHeader(headerHex).receiptsRoot) {
    throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'the receipts do not give the root of the block' });
  }
  return trie.prove(transactionIndex);
}

/**
 * The logs of a proven receipt of a transaction that succeeded.
 * @param receiptsRoot - from the header.
 * @throws {ProtocolError} RECEIPT_PROOF_INVALID where the proof does not hold or the transaction was reverted.
 */
export function readProvenLogs(receiptsRoot: string, transactionIndex: number, proof: readonly string[]): ReceiptLog[] {
  const bytes = readReceiptProof(receiptsRoot, transactionIndex, proof);
  const isTyped = bytes[0] !== undefined && bytes[0] < 0x80;
  const fields = decodeList(isTyped ? bytes.subarray(1) : bytes);
  const [status, , , logs] = fields;
  if (fields.length !== 4 || !Array.isArray(logs)) return refuse('the receipt is malformed');
  if (status !== '0x01') return refuse('the transaction was reverted');
  return logs.map(readLog);
}

function readLog(log: Rlp): ReceiptLog {
  if (!Array.isArray(log) || log.length !== 3) return refuse('a log is malformed');
  const [address, topics, data] = log;
  const isLog = typeof address === 'string' && typeof data === 'string' && Array.isArray(topics);
  if (!isLog || !topics.every((topic) => typeof topic === 'string')) return refuse('a log is malformed');
  return { address, topics, data };
}

type Rlp = string | Rlp[];

function decodeList(bytes: Uint8Array): Rlp[] {
  let decoded: Rlp;
  try {
    decoded = decodeRlp(bytes) as Rlp;
  } catch (cause) {
    throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'no RLP' }, { cause });
  }
  return Array.isArray(decoded) ? decoded : refuse('no RLP list');
}

function decodeFlatList(bytes: Uint8Array): string[] {
  try {
    const decoded = decodeRlp(bytes) as Rlp;
    if (Array.isArray(decoded) && decoded.every((field) => typeof field === 'string')) return decoded;
  } catch (cause) {
    throw new ProtocolError('BLOCK_HEADER_MALFORMED', {}, { cause });
  }
  throw new ProtocolError('BLOCK_HEADER_MALFORMED', {});
}

/** A quantity as RLP wants it: big-endian without leading zeros. */
function minimal(hex: string): string {
  return `0x${toHex(toBeArray(BigInt(hex)))}`;
}

function quantityOf(hex: string): number {
  const value = hex === '0x' ? 0n : BigInt(hex);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('BLOCK_HEADER_MALFORMED', {});
  return Number(value);
}

function refuse(reason: string): never {
  throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason });
}
