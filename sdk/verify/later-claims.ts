/**
 * What a chain says after a bundle was made: replaced blocks, later keys, a later end of the request. Asked only where
 * the user names an RPC.
 *
 * Trust: an RPC may lie. It can make this verifier refuse; it cannot make a bundle hold that does not, since everything
 * else is proven without it.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { pinnedContracts, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { type EventOf, type LedgerEvent, readEvents } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32, toWord } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { z } from 'zod';
import { type Claim, ClaimList, verdictOf } from './claims.ts';
import { factsNamed, type ProvenFacts } from './facts.ts';
import type { Verification } from './verify-bundle.ts';

/** Ends that somebody chose; that a request was completed or ran out changes nothing of what came before. */
const ENDS = new Set<string>(['RequestRevoked', 'RequestWithdrawn', 'RequestRejected', 'DatasetVersionWithdrawn']);
const blockSchema = z.object({ hash: z.string() });

/**
 * The verification with claim NOTHING_LATER answered by a chain; what the file itself shows stays as it is.
 * A request that was revoked after the file ends does not undo the events before: it fails only this claim.
 */
export async function askChain(verification: Verification, trust: Trust, rpc: Rpc): Promise<Verification> {
  const list = new ClaimList();
  try {
    await checkLater(verification, trust, rpc, list);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    list.isOpen('NOTHING_LATER', 'chain', 'WHY_RPC_AWAY');
  }
  const claims: readonly Claim[] = [
    ...verification.claims.filter(({ code }) => code !== 'NOTHING_LATER'),
    ...list.claims,
  ];
  return { ...verification, claims, verdict: verdictOf(claims) };
}

async function checkLater({ facts, subject }: Verification, trust: Trust, rpc: Rpc, list: ClaimList): Promise<void> {
  const about = `block ${facts.lastBlock}`;
  const genesis = await hashOf(rpc, 0);
  if (Number(await rpc.request('eth_chainId', [])) !== trust.chainId || genesis !== trust.genesisHash) {
    list.fails('NOTHING_LATER', 'chain', 'WHY_RPC_OTHER_CHAIN');
    return;
  }
  for (const { number, hash } of facts.headers.values()) {
    if ((await hashOf(rpc, number)) === hash) continue;
    list.fails('NOTHING_LATER', `block ${number}`, 'WHY_BLOCK_REPLACED', { block: number });
    return;
  }
  const deployment = pinnedContracts(trust);
  const after = { fromBlock: facts.lastBlock + 1, toBlock: 'latest' } as const;
  const [id, contract] =
    subject.kind === 'version' ? [subject.datasetId, 'catalogue' as const] : [subject.requestId, 'requests' as const];
  const later = await readEvents(rpc, deployment, { ...after, topics: [null, toWord(id)] }, [contract]);
  const withdrawn = await laterWithdrawal(facts, rpc, trust);
  const end = later.find(({ name }) => ENDS.has(name)) ?? standingHalt(later) ?? withdrawn;
  if (end !== undefined) {
    list.fails('NOTHING_LATER', about, 'WHY_LATER_ENDED', { step: end.name, block: end.blockNumber });
    return;
  }
  for (const org of new Set(factsNamed(facts, 'CheckpointAnchored').map(({ args }) => args.org))) {
    const changes = await readEvents(
      rpc,
      deployment,
      { fromBlock: 0, toBlock: 'latest', topics: [null, orgToBytes32(org)] },
      ['consortium'],
    );
    const missed = missedChange(changes, facts.events, org);
    if (missed === undefined) continue;
    list.fails('NOTHING_LATER', org, 'WHY_LATER_KEY', { org, block: missed.blockNumber });
    return;
  }
  list.holds('NOTHING_LATER', about);
}

/** A suspension after the file that nobody took back since. */
function standingHalt(later: readonly LedgerEvent[]): LedgerEvent | undefined {
  const standing = new Map<string, LedgerEvent>();
  for (const event of later) {
    if (event.name === 'RequestSuspended') standing.set(event.args.org, event);
    if (event.name === 'RequestResumed') standing.delete(event.args.org);
  }
  return standing.values().next().value;
}

/** A certificate that the file shows, taken back after it. */
async function laterWithdrawal(facts: ProvenFacts, rpc: Rpc, trust: Trust): Promise<LedgerEvent | undefined> {
  for (const { args } of factsNamed(facts, 'ModelCertified')) {
    const topics = [null, toWord(args.modelDigest), orgToBytes32(args.certifier)];
    const range = { fromBlock: facts.lastBlock + 1, toBlock: 'latest', topics } as const;
    const later = await readEvents(rpc, pinnedContracts(trust), range, ['attestations']);
    const withdrawn = later.find(({ name }) => name === 'CertificateWithdrawn');
    if (withdrawn !== undefined) return withdrawn;
  }
  return undefined;
}

/**
 * A change of keys before the organisation's last anchor here, of which the file says nothing. A suspension needs no
 * look: the contract takes no anchor of a suspended organisation.
 */
function missedChange(
  changes: readonly LedgerEvent[],
  known: readonly LedgerEvent[],
  org: string,
): LedgerEvent | undefined {
  const anchors = known.filter((event): event is EventOf<'CheckpointAnchored'> => event.name === 'CheckpointAnchored');
  const lastAnchor = Math.max(...anchors.filter(({ args }) => args.org === org).map(({ blockNumber }) => blockNumber));
  return changes.find(
    (change) =>
      (change.name === 'KeysChanged' || change.name === 'PreviousKeysRevoked') &&
      change.blockNumber <= lastAnchor &&
      !known.some(
        (one) => one.name === change.name && one.args.org === org && one.args.keyEpoch === change.args.keyEpoch,
      ),
  );
}

async function hashOf(rpc: Rpc, number: number): Promise<string | null> {
  const answer = blockSchema.safeParse(await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]));
  return answer.success ? answer.data.hash.slice(2) : null;
}
