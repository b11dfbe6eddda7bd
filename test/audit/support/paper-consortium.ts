/**
 * A consortium on paper: the story of test/evidence with real logs, a chain on paper, nodes behind a fetch that signs as
 * they do, and a regulator. Each test says what a node or the RPC changes.
 */
import { createHash } from 'node:crypto';
import { logServices } from '@sealedger/node/services/log.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { checkpointSigningBytes, type SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { signResponseHeaders } from '@sealedger/protocol/http-signature.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import { roleBits } from '@sealedger/protocol/ledger/codec.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { FetchFunction } from '@sealedger/protocol/peer-client.ts';
import { problemOf } from '@sealedger/protocol/problem.ts';
import { Archive } from '@sealedger/sdk/audit/archive.ts';
import type { AuditContext, AuditView, LookOptions } from '@sealedger/sdk/audit/look.ts';
import { lookOnce } from '@sealedger/sdk/audit/look.ts';
import type { AuditStore } from '@sealedger/sdk/audit/ports.ts';
import { DEFAULT_BOUNDS } from '@sealedger/sdk/audit/ports.ts';
import { memoryStore, nativeEd25519, nativeSha256 } from '@sealedger/sdk/cli/native.ts';
import { startMs, testSigner } from '../../evidence/support/log-fixture.ts';
import { keysChanged, nodes, type Story, type StoryOptions, tellStory } from '../../evidence/support/request-story.ts';

const REGULATOR = 'regulator';
const roles: Readonly<Record<string, readonly Role[]>> = {
  bank: ['bank'],
  bureau: ['registrar', 'gate'],
  social: ['department'],
  tax: ['department'],
  [REGULATOR]: ['regulator'],
};

/** Changes a node's answer before it is signed; undefined leaves the node silent. */
export type Forge = (call: {
  readonly org: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly answer: unknown;
}) => unknown;

export type PaperConsortium = {
  readonly story: Story;
  readonly context: AuditContext;
  readonly store: AuditStore;
  nowMs: number;
  /** Key epoch that nodes sign answers with. */
  readonly epochs: Record<string, number>;
  forge: Forge;
  /** Opens the archive again, as a new process would. */
  reopen(store?: AuditStore, rpc?: Rpc): Promise<AuditContext>;
  look(options?: LookOptions): Promise<AuditView>;
  close(): Promise<void>;
};

export function seedOf(org: string, keyEpoch = 1): Uint8Array {
  const seed = new Uint8Array(32).fill(keyEpoch);
  seed.set(new TextEncoder().encode(org));
  return seed;
}

/** No connection is made, so that nobody compares it. */
const PIN = `#spki-sha256=${'ab'.repeat(32)}`;

/** Tells the story, admits everybody with an endpoint, and opens an audit that has seen nothing yet. */
export async function paperConsortium(options: StoryOptions = {}): Promise<PaperConsortium> {
  const story = await tellStory(options);
  await story.chain.mine([keysChanged(REGULATOR, 1)]);
  for (const [org, own] of Object.entries(roles)) {
    const mask = own.reduce((bits, role) => bits | roleBits[role], 0);
    await story.chain.mine([
      ['consortium', 'OrganisationAdmitted', [orgToBytes32(org), mask, `https://${org}.test${PIN}`]],
    ]);
  }
  const store = memoryStore();
  const epochs: Record<string, number> = Object.fromEntries([...nodes].map((org) => [org, 1]));
  const world = { story, store, nowMs: startMs + 120_000, epochs, forge: (({ answer }) => answer) as Forge };
  const fetch = nodesAsFetch(world);
  const reopen = async (other: AuditStore = store, rpc: Rpc = story.chain.rpc): Promise<AuditContext> => ({
    org: REGULATOR,
    signing: seedOf(REGULATOR),
    trust: story.trust,
    rpc,
    archive: await Archive.open(other, story.trust as Trust),
    // The story's logs have one clock for all, its blocks a second each.
    bounds: { ...DEFAULT_BOUNDS, stopMs: 60_000 },
    confirmations: 0,
    ports: {
      fetch,
      pinnedFetch: fetch,
      clock: { now: () => world.nowMs, sleep: async () => undefined },
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      store: other,
      ed25519: nativeEd25519,
      sha256: nativeSha256,
    },
  });
  const context = await reopen();
  return Object.assign(world, {
    context,
    reopen,
    look: (lookOptions?: LookOptions) => lookOnce(context, lookOptions),
    close: () => story.close(),
  });
}

type World = {
  readonly story: Story;
  readonly nowMs: number;
  readonly epochs: Record<string, number>;
  readonly forge: Forge;
};

/** Answers as the nodes' routes do, each signed by its node for the very call. */
function nodesAsFetch(world: World): FetchFunction {
  return async (url, init) => {
    const { hostname, pathname, searchParams } = new URL(url);
    const org = hostname.replace('.test', '');
    const answer = await answerOf(world, org, pathname, searchParams);
    const forged =
      answer instanceof Response ? answer : world.forge({ org, path: pathname, query: searchParams, answer });
    if (forged === undefined) throw new TypeError('connection refused');
    if (forged instanceof Response) return forged;
    const body = new TextEncoder().encode(JSON.stringify(forged));
    const seconds = Math.floor(world.nowMs / 1000);
    const keyEpoch = world.epochs[org] ?? 1;
    const headers = signResponseHeaders({
      status: 200,
      request: { method: 'GET', url, headers: init.headers as Record<string, string> },
      bodyDigest: createHash('sha256').update(body).digest(),
      contentLength: body.length,
      org,
      keyEpoch,
      created: seconds,
      expires: seconds + 60,
      sign: (message) => nativeEd25519.sign(message, seedOf(org, keyEpoch)),
    });
    return new Response(body, { status: 200, headers: { ...headers, 'content-length': String(body.length) } });
  };
}

async function answerOf({ story }: World, org: string, path: string, query: URLSearchParams): Promise<unknown> {
  const services = logServices(story.logs[org as keyof Story['logs']]);
  const number = (name: string): number => Number(query.get(name));
  try {
    switch (path) {
      case '/v1/log/checkpoint':
        return await services.checkpoint(query.has('size') ? number('size') : undefined);
      case '/v1/log/consistency':
        return await services.consistency(number('from'), number('to'));
      default:
        return await services.entries({ roles: ['regulator'] }, number('start'), number('end'));
    }
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return new Response(JSON.stringify(problemOf(error, 416)), { status: 416 });
  }
}

/** A checkpoint that an organisation signed for whatever size and root it likes. */
export async function signCheckpoint(org: string, size: number, root: string): Promise<SignedCheckpoint> {
  const checkpoint = { suite: SUITE, org, size, root } as const;
  const signature = await testSigner(org).sign(checkpointSigningBytes(checkpoint, 1));
  return { checkpoint, keyEpoch: 1, signature };
}

/** Codes of findings with how often each stands, without the other request that every log of the story speaks of. */
export function codesOf(view: Pick<AuditView, 'findings'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, details } of view.findings) {
    if (code === 'FINDING_REQUEST_UNKNOWN' && details['kind'] === 'revocation') continue;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}
