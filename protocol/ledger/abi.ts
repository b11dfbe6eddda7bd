/** Calls to the contracts as bytes, and what they answer or refuse with; pure use of ethers' codec. */
import { type ErrorDescription, Interface, type InterfaceAbi, type Result } from 'ethers';
import { ProtocolError } from '../errors.ts';
import { contracts } from './contracts.generated.ts';
import { type ContractName, contractNames, type Deployment } from './deployment.ts';
import { bytes32ToLabel } from './ids.ts';
import { ChainRpcError, type Rpc } from './json-rpc.ts';

/** One codec per contract. */
export const interfaces: Readonly<Record<ContractName, Interface>> = {
  consortium: new Interface(contracts.consortium.abi as InterfaceAbi),
  catalogue: new Interface(contracts.catalogue.abi as InterfaceAbi),
  requests: new Interface(contracts.requests.abi as InterfaceAbi),
  evidence: new Interface(contracts.evidence.abi as InterfaceAbi),
  attestations: new Interface(contracts.attestations.abi as InterfaceAbi),
};

/** Why a contract refused a call. */
export type Refusal = { readonly contract: string; readonly error: string; readonly args: string };

/** Bytes of a call. @param args - as the ABI has them: words with `0x`, numbers, tuples as arrays. */
export function encodeCall(contract: ContractName, name: string, args: readonly unknown[]): string {
  return interfaces[contract].encodeFunctionData(name, args);
}

/**
 * Asks a view function.
 * @param block - whose state is asked for; default the latest.
 * @throws {ProtocolError} CHAIN_REFUSED where it reverts, CHAIN_REPLY_MALFORMED where the answer cannot be decoded.
 */
export async function callView(
  rpc: Rpc,
  deployment: Deployment,
  contract: ContractName,
  name: string,
  args: readonly unknown[],
  block: number | 'latest' = 'latest',
): Promise<Result> {
  const call = { to: `0x${deployment.contracts[contract]}`, data: encodeCall(contract, name, args) };
  const answer = await refusedAsError(name, () =>
    rpc.request('eth_call', [call, block === 'latest' ? block : `0x${block.toString(16)}`]),
  );
  try {
    return interfaces[contract].decodeFunctionResult(name, String(answer));
  } catch (cause) {
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_call', reason: `no answer of ${name}` }, { cause });
  }
}

/** Runs `ask` and turns a revert into CHAIN_REFUSED. */
export async function refusedAsError<T>(call: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const refusal = cause instanceof ChainRpcError ? decodeRefusal(cause.data) : null;
    if (refusal === null) throw cause;
    throw new ProtocolError('CHAIN_REFUSED', { ...refusal, call }, { cause });
  }
}

/**
 * The custom error in what a chain attaches to a failed call.
 * @param data - `0x` hex, or an object that holds it under `data` (some nodes nest it).
 * @returns null where there is none.
 */
export function decodeRefusal(data: unknown): Refusal | null {
  const hex = revertData(data);
  if (hex === null) return null;
  for (const contract of contractNames) {
    const parsed = interfaces[contract].parseError(hex);
    if (parsed !== null) return { contract, error: parsed.name, args: describeArgs(parsed) };
  }
  return null;
}

function revertData(data: unknown): string | null {
  if (typeof data === 'string') return /^0x([0-9a-fA-F]{2}){4,}$/.test(data) ? data : null;
  if (typeof data !== 'object' || data === null || !('data' in data)) return null;
  return revertData(data.data);
}

function describeArgs({ fragment, args }: ErrorDescription): string {
  return fragment.inputs.map((input, i) => `${input.name}=${describeArg(args[i])}`).join(', ');
}

function describeArg(value: unknown): string {
  if (typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value)) return bytes32ToLabel(value);
  return String(value);
}
