/** The ledger as an organisation uses it: typed reads, and writes where it has an account. */
import type { Deployment } from './deployment.ts';
import type { Rpc } from './json-rpc.ts';
import { createLedgerReader, type LedgerReader, verifyDeployment } from './reader.ts';
import { createSender, type LedgerClock, type Sender, type SenderOptions } from './transactions.ts';
import { createLedgerWriter, type LedgerWriter } from './writer.ts';

export type LedgerClient = LedgerReader &
  LedgerWriter & {
    readonly deployment: Deployment;
    /** Account of this client, 40 hex digits; null where it can only read. */
    readonly account: string | null;
    /** Holds the chain against the deployment file; done once, before the first read or write. @throws {ProtocolError} CHAIN_MISMATCH, CHAIN_UNREACHABLE */
    verify(): Promise<void>;
  };

export type LedgerClientOptions = SenderOptions & {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly clock: LedgerClock;
  /** Key of the organisation's account, secp256k1, 32 bytes of hex; without it every write throws CHAIN_NO_ACCOUNT. */
  readonly account?: { readonly privateKeyHex: string };
  /** In place of `account`: who sends its transactions. */
  readonly sender?: Sender;
};

/** Nothing is sent until the first call. */
export function createLedgerClient(options: LedgerClientOptions): LedgerClient {
  const { rpc, deployment, clock } = options;
  const verify = onceDone(() => verifyDeployment(rpc, deployment));
  const reader = createLedgerReader(rpc, deployment, clock, verify);
  const sender = senderOf(options);
  const writer = createLedgerWriter({ rpc, deployment, reader, sender, ready: verify });
  return {
    ...reader,
    ...writer,
    deployment,
    get account() {
      return sender?.account ?? null;
    },
    verify,
  };
}

function senderOf(options: LedgerClientOptions): Sender | null {
  const { rpc, deployment, clock, account, sender } = options;
  if (sender !== undefined) return sender;
  return account === undefined ? null : createSender(rpc, deployment.chainId, account.privateKeyHex, clock, options);
}

/** Runs `work` until it has succeeded once; calls meanwhile share one run. */
function onceDone(work: () => Promise<void>): () => Promise<void> {
  let run: Promise<void> | null = null;
  return () => {
    run ??= work().catch((cause: unknown) => {
      run = null;
      throw cause;
    });
    return run;
  };
}
