/** Sends a call to a contract, or finds the transaction by which the same call already took effect. */
import { isProtocolError, ProtocolError } from '../errors.ts';
import { encodeCall } from './abi.ts';
import type { ContractName, Deployment } from './deployment.ts';
import { type EventName, type EventOf, eventTopic, findLastEvent, type LedgerEvent, readEvents } from './events.ts';
import type { Rpc } from './json-rpc.ts';
import type { LedgerReader } from './reader.ts';
import type { MinedTransaction, Sender, SentTransaction, Wait } from './transactions.ts';

/** A write that stands on the chain; `already`: from an earlier transaction, which is the one given. */
export type WriteOutcome = MinedTransaction & { readonly already: boolean };

/** The event that tells that a write has already taken place. */
export type Trace<N extends EventName> = {
  readonly event: N;
  /** Indexed arguments in their order. */
  readonly topics: readonly (string | null)[];
  readonly matches?: (args: EventOf<N>['args']) => boolean;
};

/** Makes a write that may be repeated. @throws {ProtocolError} CHAIN_REFUSED where the contract refuses and the trace is not there. */
export type Write = <N extends EventName>(
  contract: ContractName,
  name: string,
  args: readonly unknown[],
  trace: Trace<N>,
  wait?: Wait,
) => Promise<WriteOutcome>;

/** What writing needs; `ready` is awaited before each call, `sender` is null where the client can only read. */
export type WriteContext = {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly reader: LedgerReader;
  readonly sender: Sender | null;
  readonly ready: () => Promise<void>;
};

/** @returns the write of {@link Write} over `context`. */
export function createWrite(context: WriteContext): Write {
  const write: Write = async (contract, name, args, trace, wait) => {
    try {
      const { created: _created, logs: _logs, ...mined } = await send(context, contract, name, args, wait);
      return { ...mined, already: false };
    } catch (cause) {
      // taken back by the chain for good: the contract tells whether it took effect otherwise
      if (isProtocolError(cause, 'CHAIN_TRANSACTION_LOST')) return write(contract, name, args, trace, wait);
      if (!isProtocolError(cause, 'CHAIN_REFUSED')) throw cause;
      const earlier = await findTrace(context, contract, trace);
      if (earlier === null) throw cause;
      return earlier;
    }
  };
  return write;
}

/** @throws {ProtocolError} CHAIN_NO_ACCOUNT */
export function requireSender(context: WriteContext, call: string): Sender {
  if (context.sender === null) throw new ProtocolError('CHAIN_NO_ACCOUNT', { call });
  return context.sender;
}

/** Sends one call to a contract and waits until it is in a block. @throws {ProtocolError} as {@link Sender} */
export async function send(
  context: WriteContext,
  contract: ContractName,
  name: string,
  args: readonly unknown[],
  wait?: Wait,
): Promise<SentTransaction> {
  const sender = requireSender(context, name);
  await context.ready();
  const to = `0x${context.deployment.contracts[contract]}`;
  return sender.send(name, to, encodeCall(contract, name, args), wait);
}

/** The latest event that fits a trace; null where there is none. */
export async function findTrace<N extends EventName>(
  context: WriteContext,
  contract: ContractName,
  trace: Trace<N>,
): Promise<WriteOutcome | null> {
  const topics = [eventTopic(contract, trace.event), ...trace.topics];
  const range = { fromBlock: 0, toBlock: 'latest', topics } as const;
  const matches = trace.matches ?? (() => true);
  const isWanted = ({ name, args }: LedgerEvent) => name === trace.event && matches(args as never);
  const event = await findLastEvent(context.rpc, context.deployment, range, [contract], isWanted);
  if (event === null) return null;
  const { transactionHash, blockNumber, blockHash } = event;
  return { transactionHash, blockNumber, blockHash, already: true };
}

/**
 * The event that a write caused, for what only the contract gives out.
 * @throws {ProtocolError} CHAIN_REPLY_MALFORMED where its block has none
 */
export async function eventOfWrite<N extends EventName>(
  context: WriteContext,
  contract: ContractName,
  trace: Trace<N>,
  { blockNumber, transactionHash }: WriteOutcome,
): Promise<EventOf<N>> {
  const topics = [eventTopic(contract, trace.event), ...trace.topics];
  const range = { fromBlock: blockNumber, toBlock: blockNumber, topics };
  const events = await readEvents(context.rpc, context.deployment, range, [contract]);
  const isWanted = (event: LedgerEvent): event is EventOf<N> =>
    event.name === trace.event && event.transactionHash === transactionHash;
  const found = events.find(isWanted);
  if (found !== undefined) return found;
  throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getLogs', reason: `no event ${trace.event}` });
}
