/**
 * Signs and sends transactions of one account, and waits until they are in a block.
 *
 * Sending is serialised per account, so that nonces leave in order and without gaps; waiting is not, so that many
 * transactions can be on their way. After any error the nonce is read from the chain again.
 */
import { computeAddress, SigningKey, Transaction } from 'ethers';
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import { refusedAsError } from './abi.ts';
import { fromAccount, fromWord, toWord } from './ids.ts';
import { askQuantity, ChainRpcError, quantity, type Rpc } from './json-rpc.ts';
import { type RawLog, rawLogSchema } from './logs.ts';

/** Time as the ledger needs it: Unix milliseconds, and a pause. */
export type LedgerClock = { now(): number; sleep(ms: number): Promise<void> };

export type SenderOptions = {
  /** Blocks on top of a transaction's before it counts as written; default 0. A chain that mines on demand needs 0. */
  readonly confirmations?: number;
  /** Between two looks for a receipt; default 200. */
  readonly pollMs?: number;
  /** How long to look for a receipt; default 60,000. */
  readonly receiptTimeoutMs?: number;
};

/** A transaction that is in a block; hashes as hex without prefix. */
export type MinedTransaction = {
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
};

/** What a call waits for: blocks on top of its own. */
export type Wait = { readonly confirmations: number };

export type Sender = {
  /** Account, 20 bytes of hex. */
  readonly account: string;
  /**
   * @param call - name of the call, for errors. @param to - `0x` address, null to create a contract. @param data - `0x` bytes.
   * @param wait - for this call only; otherwise as the sender was told.
   * @throws {ProtocolError} CHAIN_REFUSED, CHAIN_UNREACHABLE, CHAIN_TIMEOUT, CHAIN_RPC_ERROR, CHAIN_TRANSACTION_LOST
   */
  send(call: string, to: string | null, data: string, wait?: Wait): Promise<SentTransaction>;
};

/** A transaction of this sender: the address of the contract that it created (40 hex digits) or null, and its logs. */
export type SentTransaction = MinedTransaction & {
  readonly created: string | null;
  readonly logs: readonly RawLog[];
};

/** A transaction as it was sent: its hash, and its bytes, which may be sent again without any other effect. */
type SignedTransaction = { readonly hash: string; readonly raw: string };
type Receipt = z.infer<typeof receiptSchema>;
type Fees = { readonly type: 0 | 2; readonly maxFee: bigint; readonly tip: bigint };

const receiptSchema = z.object({
  transactionHash: z.string(),
  blockHash: z.string(),
  blockNumber: quantity,
  status: quantity,
  contractAddress: z.string().nullish(),
  logs: z.array(rawLogSchema),
});

/** Room over the estimate: state may change between estimate and block. */
const GAS_MARGIN_PERCENT = 125n;
const NONCE_RETRIES = 3;

/**
 * @param chainId - signed into every transaction. @param privateKeyHex - secp256k1 key, 32 bytes of hex.
 * @throws {ProtocolError} CHAIN_KEY_INVALID
 */
export function createSender(
  rpc: Rpc,
  chainId: number,
  privateKeyHex: string,
  clock: LedgerClock,
  options: SenderOptions = {},
): Sender {
  const { key, from } = openKey(privateKeyHex);
  let nextNonce: number | null = null;
  let lastSend: Promise<unknown> = Promise.resolve();

  function inOrder<T>(send: () => Promise<T>): Promise<T> {
    const turn = lastSend.then(send, send);
    lastSend = turn;
    return turn;
  }

  async function submit(
    to: string | null,
    data: string,
    gasLimit: bigint,
    fees: Fees,
    retries: number,
  ): Promise<SignedTransaction> {
    const nonce = nextNonce ?? Number(await askQuantity(rpc, 'eth_getTransactionCount', [from, 'pending']));
    const signed = sign(key, { chainId, nonce, to, data, gasLimit, fees });
    try {
      nextNonce = null;
      await sendRaw(rpc, signed.serialized);
      nextNonce = nonce + 1;
      return { hash: signed.hash!, raw: signed.serialized };
    } catch (cause) {
      if (retries === 0 || !isNonceError(cause)) throw cause;
      return submit(to, data, gasLimit, fees, retries - 1);
    }
  }

  return {
    account: fromAccount(from),
    async send(call, to, data, wait) {
      const fees = await readFees(rpc);
      const gasLimit = await estimateGas(rpc, call, { from, to, data });
      const sent = await inOrder(() => submit(to, data, gasLimit, fees, NONCE_RETRIES));
      const receipt = await waitForReceipt(rpc, sent, clock, { ...options, ...wait }).catch((cause: unknown) => {
        nextNonce = null;
        throw cause;
      });
      if (receipt.status !== 1n) await explainFailure(rpc, call, { from, to, data }, receipt);
      const created = receipt.contractAddress ? fromAccount(receipt.contractAddress) : null;
      return { ...minedOf(receipt), created, logs: receipt.logs };
    },
  };
}

/** The cause of a refusal is left out: it may quote the key. */
function openKey(privateKeyHex: string): { readonly key: SigningKey; readonly from: string } {
  try {
    const key = new SigningKey(toWord(privateKeyHex));
    return { key, from: computeAddress(key.publicKey) };
  } catch {
    throw new ProtocolError('CHAIN_KEY_INVALID');
  }
}

function sign(
  key: SigningKey,
  fields: { chainId: number; nonce: number; to: string | null; data: string; gasLimit: bigint; fees: Fees },
): Transaction {
  const { fees, ...rest } = fields;
  const price =
    fees.type === 2 ? { maxFeePerGas: fees.maxFee, maxPriorityFeePerGas: fees.tip } : { gasPrice: fees.maxFee };
  const transaction = Transaction.from({ ...rest, type: fees.type, value: 0, ...price });
  transaction.signature = key.sign(transaction.unsignedHash);
  return transaction;
}

async function sendRaw(rpc: Rpc, serialized: string): Promise<void> {
  try {
    await rpc.request('eth_sendRawTransaction', [serialized]);
  } catch (cause) {
    // the chain has it from an earlier send whose answer was lost
    if (!(cause instanceof ChainRpcError) || !/already known|known transaction/i.test(cause.reason)) throw cause;
  }
}

function isNonceError(cause: unknown): boolean {
  return cause instanceof ChainRpcError && /nonce|replacement transaction/i.test(cause.reason);
}

async function estimateGas(rpc: Rpc, call: string, transaction: object): Promise<bigint> {
  const estimate = await refusedAsError(call, () => askQuantity(rpc, 'eth_estimateGas', [transaction, 'pending']));
  return (estimate * GAS_MARGIN_PERCENT) / 100n;
}

/** Fees of the latest block: none where its base fee is zero, which is how a consortium chain offers its gas for free. */
async function readFees(rpc: Rpc): Promise<Fees> {
  const block = z.object({ baseFeePerGas: quantity.nullish() }).safeParse(await latestBlock(rpc));
  if (!block.success) {
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getBlockByNumber', reason: 'not a block' });
  }
  const baseFee = block.data.baseFeePerGas;
  if (baseFee === 0n) return { type: 2, maxFee: 0n, tip: 0n };
  if (baseFee == null) return { type: 0, maxFee: await askQuantity(rpc, 'eth_gasPrice', []), tip: 0n };
  const tip = await askQuantity(rpc, 'eth_maxPriorityFeePerGas', []);
  return { type: 2, maxFee: 2n * baseFee + tip, tip };
}

function latestBlock(rpc: Rpc): Promise<unknown> {
  return rpc.request('eth_getBlockByNumber', ['latest', false]);
}

/**
 * Looks until the transaction is deep enough; a chain that is away meanwhile is waited for within the same time. A
 * transaction that a reorganisation took out of its block is sent again as it was: under its nonce it can count only once.
 */
async function waitForReceipt(
  rpc: Rpc,
  sent: SignedTransaction,
  clock: LedgerClock,
  options: SenderOptions,
): Promise<Receipt> {
  const { confirmations = 0, pollMs = 200, receiptTimeoutMs = 60_000 } = options;
  const startedAt = clock.now();
  let wasMined = false;
  for (;;) {
    let away: unknown = null;
    try {
      const receipt = await readReceipt(rpc, sent.hash);
      if (receipt !== null && (await isDeepEnough(rpc, receipt, confirmations))) return receipt;
      if (receipt === null && wasMined) await sendAgain(rpc, sent);
      wasMined ||= receipt !== null;
    } catch (cause) {
      if (!(cause instanceof ProtocolError) || cause.code !== 'CHAIN_UNREACHABLE') throw cause;
      away = cause;
    }
    const waitedMs = clock.now() - startedAt;
    if (waitedMs >= receiptTimeoutMs) throw away ?? new ProtocolError('CHAIN_TIMEOUT', { waitedMs });
    await clock.sleep(pollMs);
  }
}

/** @throws {ProtocolError} CHAIN_TRANSACTION_LOST where another transaction of the account has taken its nonce. */
async function sendAgain(rpc: Rpc, { hash, raw }: SignedTransaction): Promise<void> {
  try {
    await sendRaw(rpc, raw);
  } catch (cause) {
    if (!isNonceError(cause)) throw cause;
    // the chain may have put it into a block itself, or wait with it
    const isKnown = (await rpc.request('eth_getTransactionByHash', [hash])) !== null;
    if (!isKnown) throw new ProtocolError('CHAIN_TRANSACTION_LOST', {}, { cause });
  }
}

async function readReceipt(rpc: Rpc, hash: string): Promise<Receipt | null> {
  const answer = await rpc.request('eth_getTransactionReceipt', [hash]);
  if (answer === null) return null;
  const parsed = receiptSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getTransactionReceipt', reason: 'not a receipt' });
}

async function isDeepEnough(rpc: Rpc, receipt: Receipt, confirmations: number): Promise<boolean> {
  if (confirmations === 0) return true;
  const head = await askQuantity(rpc, 'eth_blockNumber', []);
  if (head < receipt.blockNumber + BigInt(confirmations)) return false;
  // the block may have been replaced while the others came on top
  return (await readReceipt(rpc, fullHash(receipt)))?.blockHash === receipt.blockHash;
}

function fullHash(receipt: Receipt): string {
  return toWord(fromWord(receipt.transactionHash));
}

function minedOf(receipt: Receipt): MinedTransaction {
  return {
    transactionHash: fromWord(receipt.transactionHash),
    blockNumber: Number(receipt.blockNumber),
    blockHash: fromWord(receipt.blockHash),
  };
}

/** A transaction that failed in its block says nothing about the reason; the same call on that block does. */
async function explainFailure(rpc: Rpc, call: string, transaction: object, receipt: Receipt): Promise<never> {
  const at = `0x${receipt.blockNumber.toString(16)}`;
  await refusedAsError(call, () => rpc.request('eth_call', [transaction, at]));
  throw new ProtocolError('CHAIN_REFUSED', { contract: 'unknown', error: 'Reverted', args: '', call });
}
