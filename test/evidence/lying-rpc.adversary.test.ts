/**
 * An RPC that lies to who exports evidence, or to who verifies it: it can make both refuse, and nothing hold that does not.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exportBundle } from '@sealedger/node/evidence/export.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import { interfaces } from '@sealedger/protocol/ledger/abi.ts';
import { eventTopic } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { askChain } from '@sealedger/sdk/verify/later-claims.ts';
import { verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import { testSigner } from './support/log-fixture.ts';
import { deployment, PaperChain } from './support/paper-chain.ts';
import { id, nodes, requestId, requestSubject, type Story, tellStory } from './support/request-story.ts';

let told: Story;
before(async () => {
  told = await tellStory();
});
after(() => told.close());

type Answer = Record<string, unknown> & {
  readonly logs?: readonly Answer[];
  readonly topics?: readonly string[];
  readonly transactions?: readonly string[];
};
type Lie = (method: string, answer: unknown, params: readonly unknown[]) => unknown;

const lying = (lie: Lie, rpc: Rpc = told.chain.rpc): Rpc => ({
  request: async (method, params) => lie(method, await rpc.request(method, params), params),
});
const partOver = (rpc: Rpc, name: (typeof nodes)[number] = 'tax'): Promise<Bundle> =>
  exportBundle({ log: told.logs[name], signer: testSigner(name), rpc, deployment }, requestSubject);
const refused = (call: Promise<unknown>, code: ErrorCode): Promise<void> =>
  assert.rejects(call, (error: unknown) => isProtocolError(error, code));

const decided = eventTopic('requests', 'RequestDecided');
const isLog = (log: Answer, topic: string): boolean => log.topics?.[0] === topic;
/** A log of one of the contracts as its place has it, with other words. */
function forged(like: Answer, event: 'RequestRevoked' | 'UnlocksRecorded', args: readonly unknown[]): Answer {
  const { topics, data } = interfaces.requests.encodeEventLog(event, [...args]);
  return { ...like, topics, data };
}
const revocation = [`0x${requestId}`, orgToBytes32('tax'), `0x${id('0')}`];

describe('an RPC that lies to a prover', () => {
  const cases: readonly (readonly [string, Lie, ErrorCode])[] = [
    [
      'gives receipts of another block',
      (method, answer) => {
        if (method !== 'eth_getTransactionReceipt') return answer;
        const { logs: _logs, ...rest } = answer as Answer;
        return { ...rest, logs: [] };
      },
      'RECEIPT_PROOF_INVALID',
    ],
    [
      'gives each receipt the place of another',
      (method, answer) =>
        method === 'eth_getTransactionReceipt'
          ? { ...(answer as Answer), transactionIndex: `0x${Number((answer as Answer)['transactionIndex']) ^ 1}` }
          : answer,
      'RECEIPT_PROOF_INVALID',
    ],
    [
      'leaves a transaction out of a block',
      (method, answer) => {
        const block = answer as Answer;
        const isMeant = method === 'eth_getBlockByNumber' && (block.transactions?.length ?? 0) > 1;
        return isMeant ? { ...block, transactions: block.transactions!.slice(1) } : answer;
      },
      'RECEIPT_PROOF_INVALID',
    ],
    [
      'changes a field of a header',
      (method, answer) => (method === 'eth_getBlockByNumber' ? { ...(answer as Answer), gasUsed: '0x1' } : answer),
      'BLOCK_HEADER_MISMATCH',
    ],
    [
      'gives a header the hash of another',
      (method, answer) =>
        method === 'eth_getBlockByNumber' ? { ...(answer as Answer), hash: `0x${id('f')}` } : answer,
      'BLOCK_HEADER_MISMATCH',
    ],
    [
      'names another block for its logs',
      (method, answer) =>
        method === 'eth_getLogs' ? (answer as Answer[]).map((log) => ({ ...log, blockHash: `0x${id('f')}` })) : answer,
      'EXPORT_BLOCK_REPLACED',
    ],
    [
      'says that a log stands in another transaction',
      (method, answer) =>
        method === 'eth_getLogs' ? (answer as Answer[]).map((log) => ({ ...log, transactionIndex: '0x3' })) : answer,
      'RECEIPT_PROOF_INVALID',
    ],
    [
      'invents an event in a block that is there',
      (method, answer) => {
        if (method !== 'eth_getLogs') return answer;
        const logs = answer as Answer[];
        const like = logs.find((log) => isLog(log, decided));
        return like === undefined
          ? logs
          : [...logs, { ...forged(like, 'RequestRevoked', revocation), logIndex: '0x9' }];
      },
      'EXPORT_EVENT_UNPROVEN',
    ],
    [
      'tells one event twice, at two places',
      (method, answer) => {
        if (method !== 'eth_getLogs') return answer;
        const logs = answer as Answer[];
        const like = logs.find((log) => isLog(log, decided));
        return like === undefined ? logs : [...logs, { ...like, logIndex: '0x9' }];
      },
      'EXPORT_EVENT_UNPROVEN',
    ],
    [
      'changes what an event says',
      (method, answer) => {
        if (method !== 'eth_getLogs') return answer;
        const grown = interfaces.requests.encodeEventLog('UnlocksRecorded', [
          `0x${requestId}`,
          orgToBytes32('bureau'),
          9,
        ]);
        return (answer as Answer[]).map((log) => (isLog(log, grown.topics[0]!) ? { ...log, data: grown.data } : log));
      },
      'EXPORT_EVENT_UNPROVEN',
    ],
    [
      'answers with something else',
      (method, answer) => (method === 'eth_getLogs' ? 'no logs' : answer),
      'CHAIN_REPLY_MALFORMED',
    ],
  ];
  for (const [name, lie, code] of cases) {
    test(`and ${name} gets no part of a bundle`, () => refused(partOver(lying(lie)), code));
  }

  test('and keeps a decision back gets a part that does not verify', async () => {
    const silent = lying((method, answer) =>
      method === 'eth_getLogs' ? (answer as Answer[]).filter((log) => !isLog(log, decided)) : answer,
    );
    const parts = await Promise.all(nodes.map((name) => partOver(silent, name)));
    assert.equal(verifyBundle(mergeBundles(parts), told.trust).verdict, 'fails');
  });

  test('to one of several nodes only does not get their parts together', async () => {
    const silent = lying((method, answer) =>
      method === 'eth_getLogs' ? (answer as Answer[]).filter((log) => !isLog(log, decided)) : answer,
    );
    const parts = [await partOver(silent), await told.part('bureau'), await told.part('social')];
    const verification = verifyBundle(mergeBundles(parts), told.trust);
    assert.equal(verification.verdict, 'fails');
  });

  test('and seals its own chain gets a file that holds under no one else’s pins', async () => {
    const forger = new PaperChain(1_800_000_000);
    forger.sealKey = new Uint8Array(32).fill(0x66);
    const resealed = lying((method, answer, params) => {
      if (method !== 'sealedger_blockSeal') return answer;
      return { ...(answer as Answer), signature: 'ab'.repeat(64), at: params[0] };
    });
    const verification = verifyBundle(await partOver(resealed), told.trust);
    const seals = verification.claims.filter(({ code }) => code === 'BLOCK_SEALED');
    assert.ok(seals.length > 0 && seals.every(({ status, why }) => status === 'fails' && why === 'WHY_SEAL_WRONG'));
  });
});

describe('an RPC that lies to a verifier', () => {
  const ask = async (lie: Lie, file?: Bundle) =>
    askChain(verifyBundle(file ?? (await told.bundle()), told.trust), told.trust, lying(lie));
  const later = ({ claims }: Awaited<ReturnType<typeof ask>>) => claims.filter(({ code }) => code === 'NOTHING_LATER');

  test('about the chain or a block makes it refuse', async () => {
    const otherBlock = await ask((method, answer, params) =>
      method === 'eth_getBlockByNumber' && params[0] !== '0x0' ? { hash: `0x${id('f')}` } : answer,
    );
    assert.deepEqual(
      later(otherBlock).map(({ why }) => why),
      ['WHY_BLOCK_REPLACED'],
    );
    const otherGenesis = await ask((method, answer, params) =>
      method === 'eth_getBlockByNumber' && params[0] === '0x0' ? { hash: `0x${id('f')}` } : answer,
    );
    assert.deepEqual([otherGenesis.verdict, later(otherGenesis)[0]?.why], ['fails', 'WHY_RPC_OTHER_CHAIN']);
  });

  test('with an end that it invents makes it refuse, and undoes nothing of the file', async () => {
    const invented = await ask((method, answer, params) => {
      if (method === 'eth_blockNumber') return `0x${(Number(answer) + 5).toString(16)}`;
      const { fromBlock, topics } = (params[0] ?? {}) as { readonly fromBlock?: string; readonly topics?: unknown[] };
      if (method !== 'eth_getLogs' || topics?.[1] !== `0x${requestId}`) return answer;
      const like = {
        blockHash: `0x${id('f')}`,
        transactionHash: `0x${id('f')}`,
        transactionIndex: '0x0',
        logIndex: '0x0',
      };
      const at = { ...like, address: `0x${deployment.contracts.requests}`, blockNumber: fromBlock };
      return [...(answer as Answer[]), forged(at, 'RequestRevoked', revocation)];
    });
    const others = invented.claims.filter(({ code }) => code !== 'NOTHING_LATER');
    assert.ok(others.every(({ status }) => status !== 'fails'));
    assert.deepEqual([invented.verdict, later(invented)[0]?.why], ['fails', 'WHY_LATER_ENDED']);
  });

  test('or answers with garbage leaves the claim open, and the file as it was', async () => {
    for (const lie of [
      (method: string, answer: unknown) => (method === 'eth_getLogs' ? [{}] : answer),
      (method: string, answer: unknown) => (method === 'eth_blockNumber' ? 'soon' : answer),
    ]) {
      const asked = await ask(lie);
      assert.deepEqual(
        later(asked).map(({ status }) => status),
        ['not-checkable'],
      );
      assert.ok(asked.claims.every(({ status }) => status !== 'fails'));
    }
  });

  test('whatever it says, makes no file hold that does not', async () => {
    const genuine = await told.bundle();
    const broken = { ...genuine, statements: [] };
    const honest: Lie = (_, answer) => answer;
    assert.equal((await ask(honest, broken)).verdict, 'fails');
    const unsealed = { ...genuine, blocks: genuine.blocks.map((block) => ({ ...block, seals: [] })) };
    assert.equal((await ask(honest, unsealed)).verdict, 'fails');
  });
});
