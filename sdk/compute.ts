/**
 * Computing from the bank's side: open an attempt, bring the participants together, collect and add their chunks.
 *
 * Learns: the bank, the sum of the participants' chunks, which it cannot read. A participant that drops out ends the
 * attempt; the next one is computed anew by all, under another computation id.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { announcementSchema, computationDescriptor, computationId } from '@sealedger/protocol/computation.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { openEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';
import { createChunkSum } from '@sealedger/protocol/rlwe/sum.ts';
import { DEPARTMENT_CHUNK_BYTES, GATE_CHUNK_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import { z } from 'zod';
import type { BankContext } from './bank.ts';
import { CHUNK_LOCATOR_BYTES } from './sealed-table.ts';
import { loadRequest } from './stored-request.ts';
import { storeTable, type TableHead } from './table-store.ts';

export interface ComputeProgress {
  readonly chunks: number;
  /** Chunks received, summed over the participants. */
  readonly received: number;
  readonly expected: number;
}

const statusSchema = z.object({ people: z.int().positive(), chunks: z.int().positive() });

/** A participant's node and what it is in this computation. */
interface Participating extends Peer {
  readonly roles: readonly ('department' | 'gate')[];
}

const CHUNK_WAIT_MS = 100;
/** How long a participant may be away before the attempt is given up. */
const PATIENCE_MS = 120_000;
const CHUNK_TIMEOUT_MS = 60_000;

/**
 * Runs one attempt to its end and stores the sealed table.
 * @throws {ProtocolError} REQUEST_NOT_ACTIVE, PEER_UNREACHABLE, a participant's refusal
 */
export async function computeTable(
  context: BankContext,
  requestId: string,
  onProgress: (progress: ComputeProgress) => void = () => undefined,
): Promise<{ readonly people: number; readonly computationId: string }> {
  await context.ledger.openAttempt(requestId);
  const onChain = (await context.ledger.request(requestId))!;
  const peers = await participants(context, onChain);
  const { document } = await loadRequest(context, requestId);
  const id = computationId(await describe(context, onChain, document, peers));
  const announcements = await Promise.all(peers.map((peer) => announce(context, peer, onChain, id)));
  const statuses = await Promise.all(
    peers.map((peer) =>
      retrying(context, () =>
        context.peers.json(peer, {
          method: 'POST',
          path: `/v1/computations/${id}/start`,
          body: canonicalBytes({ announcements }),
        }),
      ),
    ),
  );
  const { people, chunks } = statusSchema.parse(statuses[0]);
  const head: TableHead = { requestId, computationId: id, people, chunks, gates: onChain.terms.gates };
  await collect(context, head, peers, onProgress);
  return { people, computationId: id };
}

async function participants(context: BankContext, onChain: RequestRecord): Promise<Participating[]> {
  return Promise.all(
    onChain.participants.map(async (org) => {
      const peer = await context.peer(org);
      const department = onChain.departments.includes(org) ? (['department'] as const) : [];
      const gate = onChain.terms.gates.includes(org) ? (['gate'] as const) : [];
      return { ...peer, roles: [...department, ...gate] };
    }),
  );
}

async function describe(
  context: BankContext,
  onChain: RequestRecord,
  document: Awaited<ReturnType<typeof loadRequest>>['document'],
  peers: readonly Participating[],
): Promise<unknown> {
  const { terms, attempt, deciders, gates } = onChain;
  const ids = [...terms.datasetVersions, terms.registerVersion];
  const versions = await Promise.all(ids.map((id) => context.ledger.datasetVersion(id)));
  return computationDescriptor(document, {
    chainId: context.ledger.deployment.chainId,
    requestsContract: context.ledger.deployment.contracts.requests,
    requestId: onChain.id,
    attempt,
    grants: deciders.map(({ org: decider, decision }) => ({ decider, grant: decision?.grantHash ?? '' })),
    participants: peers.map(({ org, roles, ed25519, keyEpoch }) => ({ org, roles, ed25519: toHex(ed25519), keyEpoch })),
    gateKeys: gates.flatMap(({ org: gate, poprfPublicKey }) =>
      poprfPublicKey === null ? [] : [{ gate, publicKey: poprfPublicKey }],
    ),
    commitments: versions.map((version, i) => ({ id: ids[i]!, commitment: version?.commitment ?? '' })),
  });
}

/** A participant's signed key; another computation id than the bank's own is refused here already. */
async function announce(
  context: BankContext,
  peer: Participating,
  onChain: RequestRecord,
  id: string,
): Promise<unknown> {
  const body = canonicalBytes({ requestId: onChain.id, attempt: onChain.attempt });
  const envelope = await retrying(context, () =>
    context.peers.json(peer, { method: 'POST', path: '/v1/computations', body }),
  );
  const { body: announcement } = openEnvelope(envelope, {
    domain: domains.announcement,
    key: { signer: peer.org, keyEpoch: peer.keyEpoch, publicKey: peer.ed25519 },
    now: new Date(context.ports.clock.now()),
    schema: announcementSchema,
  });
  if (announcement.computationId !== id)
    throw new ProtocolError('COMPUTATION_CONFLICT', { computationId: id, part: `descriptor of ${peer.org}` });
  return envelope;
}

async function collect(
  context: BankContext,
  head: TableHead,
  peers: readonly Participating[],
  onProgress: (progress: ComputeProgress) => void,
): Promise<void> {
  const expected = head.chunks * peers.length;
  let received = 0;
  const locators = new Map(head.gates.map((gate) => [gate, new Uint8Array(head.chunks * CHUNK_LOCATOR_BYTES)]));
  const sums = Array.from({ length: head.chunks }, () => createChunkSum());
  await Promise.all(
    peers.map(async (peer) => {
      for (let chunk = 0; chunk < head.chunks; chunk++) {
        const bytes = await fetchChunk(context, peer, head.computationId, chunk);
        const isDepartment = peer.roles.includes('department');
        const recordBytes = isDepartment ? DEPARTMENT_CHUNK_BYTES : GATE_CHUNK_BYTES;
        const record = bytes.subarray(0, recordBytes);
        if (isDepartment) sums[chunk]!.addDepartmentChunk(record);
        else sums[chunk]!.addGateChunk(record);
        if (peer.roles.includes('gate'))
          locators.get(peer.org)!.set(bytes.subarray(recordBytes), chunk * CHUNK_LOCATOR_BYTES);
        received += 1;
        onProgress({ chunks: head.chunks, received, expected });
      }
    }),
  );
  await storeTable(
    context.ports.store,
    head,
    sums.map((sum) => sum.sealed()),
    locators,
  );
}

async function fetchChunk(context: BankContext, peer: Participating, id: string, chunk: number): Promise<Uint8Array> {
  const expectedBytes =
    (peer.roles.includes('department') ? DEPARTMENT_CHUNK_BYTES : GATE_CHUNK_BYTES) +
    (peer.roles.includes('gate') ? CHUNK_LOCATOR_BYTES : 0);
  const bytes = await retrying(context, () =>
    context.peers.bytes(peer, {
      method: 'GET',
      path: `/v1/computations/${id}/chunks/${chunk}`,
      timeoutMs: CHUNK_TIMEOUT_MS,
      maxBytes: expectedBytes,
      retries: 5,
    }),
  );
  if (bytes.length !== expectedBytes) throw new ProtocolError('PEER_ANSWER_UNKNOWN', { peer: peer.org, status: 200 });
  return bytes;
}

/** Repeats a call while its chunk is not ready or its node is away; a node that comes back goes on where it was. */
async function retrying<T>(context: BankContext, call: () => Promise<T>): Promise<T> {
  const { clock } = context.ports;
  let lastHeard = clock.now();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const notReady = isProtocolError(error, 'CHUNK_NOT_READY');
      if (notReady) lastHeard = clock.now();
      const away = isProtocolError(error, 'PEER_UNREACHABLE') || isProtocolError(error, 'CHAIN_UNREACHABLE');
      const patient = notReady || (away && clock.now() - lastHeard < PATIENCE_MS);
      if (!patient) throw error;
      await clock.sleep(CHUNK_WAIT_MS);
    }
  }
}
