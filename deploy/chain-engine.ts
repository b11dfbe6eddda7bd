/** The engine of the embedded chain: Hardhat's simulated network in this process, without accounts and without fees. */
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createHardhatRuntimeEnvironment } from 'hardhat/hre';

/** `rpc` offers everything that the engine has, also what changes time and state; it is not for others. */
export type ChainEngine = { readonly rpc: Rpc; close(): Promise<void> };

/** Gas of one block; far above any call here, so that the base fee never leaves zero. */
const BLOCK_GAS_LIMIT = 60_000_000;

/**
 * Starts an engine at block 0. The same transactions at the same block times give the same blocks.
 * @param genesisSeconds - Unix seconds of block 0.
 */
export async function startEngine(chainId: number, genesisSeconds: number): Promise<ChainEngine> {
  const environment = await createHardhatRuntimeEnvironment({
    networks: {
      ledger: {
        type: 'edr-simulated',
        chainType: 'l1',
        chainId,
        accounts: [],
        hardfork: 'cancun',
        initialBaseFeePerGas: 0,
        initialDate: new Date(genesisSeconds * 1000),
        allowBlocksWithSameTimestamp: true,
        blockGasLimit: BLOCK_GAS_LIMIT,
        // a transaction that fails is in a block all the same
        throwOnTransactionFailures: false,
        mining: { auto: true },
      },
    },
  });
  const connection = await environment.network.create({ network: 'ledger', chainType: 'l1' });
  return {
    rpc: {
      async request(method, params) {
        try {
          return await connection.provider.request({ method, params });
        } catch (cause) {
          throw asRpcError(method, cause);
        }
      },
    },
    close: () => connection.close(),
  };
}

function asRpcError(method: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'number') return cause;
  return new ChainRpcError(method, cause.code, cause.message, 'data' in cause ? cause.data : undefined);
}
