/** Seals in headers: blocks made and sealed by real keys in the published format, and everything that must not pass. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { sealSigner } from '@sealedger/protocol/evidence/bft-header.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import { encodeHeader, readHeader } from '@sealedger/protocol/evidence/receipt-proof.ts';
import { findSeals } from '@sealedger/protocol/evidence/seals.ts';
import { parseTrust, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { sealBlock } from '@sealedger/protocol/ledger/block-seal.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import { decodeRlp, encodeRlp } from 'ethers';
import { bftAddress, bftKey, type PaperBft, sealedExtraData } from './support/bft-headers.ts';
import { PaperChain, validatorKey } from './support/paper-chain.ts';
import { tellStory } from './support/request-story.ts';

const four = [1, 2, 3, 4].map(bftAddress);
const pinned = four.map((address) => address.slice(2));
const bft = (change: Partial<PaperBft> = {}): PaperBft => ({
  scheme: 'qbft',
  keys: [1, 2, 3].map(bftKey),
  validators: four,
  round: 0,
  ...change,
});
const pins = (change: Partial<Trust> = {}) =>
  ({ chainId: 31337, sealScheme: 'qbft', validators: pinned, ...change }) as const;

/** The header of block 2 of a chain that seals so, as an RPC answers it. */
async function blockOf(seals: PaperBft | null): Promise<Record<string, unknown>> {
  const chain = new PaperChain(1_800_000_000);
  chain.bft = seals;
  await chain.mine([]);
  await chain.mine([]);
  return (await chain.rpc.request('eth_getBlockByNumber', ['0x2', false])) as Record<string, unknown>;
}
const headerOf = async (seals: PaperBft | null) => readHeader(encodeHeader(await blockOf(seals)));
const found = async (seals: PaperBft, change: Partial<Trust> = {}) =>
  findSeals(await headerOf(seals), [], pins(change), nobleEd25519).kind;

/** The header with other parts in its extraData: vanity, validators, vote, round, seals. */
function altered(header: string, change: (extra: unknown[]) => unknown[]): string {
  const fields = decodeRlp(`0x${header}`) as string[];
  const extra = change(decodeRlp(fields[12]!) as unknown[]);
  return encodeRlp(fields.toSpliced(12, 1, encodeRlp(extra as never))).slice(2);
}

describe('a header with commit seals', () => {
  test('is sealed by a quorum of the pinned validators, in either scheme and any round', async () => {
    for (const scheme of ['qbft', 'ibft2'] as const) {
      for (const round of [0, 1, 127, 128, 70_000]) {
        for (const keys of [
          [1, 2, 3],
          [4, 2, 1],
          [1, 2, 3, 4],
        ]) {
          const seals = bft({ scheme, round, keys: keys.map(bftKey) });
          assert.equal(await found(seals, { sealScheme: scheme }), 'sealed', `${scheme} ${round} ${keys}`);
        }
      }
    }
  });

  test('needs ⌈2n/3⌉ of them', async () => {
    for (const [n, quorum] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 4],
      [6, 4],
      [7, 5],
    ] as const) {
      const all = Array.from({ length: n }, (_, i) => i + 1);
      const validators = all.map(bftAddress);
      const change = { validators: validators.map((address) => address.slice(2)) };
      const sealedBy = (count: number) => bft({ validators, keys: all.slice(0, count).map(bftKey) });
      assert.equal(await found(sealedBy(quorum), change), 'sealed', `${quorum} of ${n}`);
      assert.equal(await found(sealedBy(quorum - 1), change), 'too few', `${quorum - 1} of ${n}`);
    }
  });

  const refused: readonly (readonly [string, PaperBft, string])[] = [
    ['too few', bft({ keys: [1, 2].map(bftKey) }), 'too few'],
    ['none', bft({ keys: [] }), 'too few'],
    ['a foreign key among enough', bft({ keys: [1, 2, 3, 9].map(bftKey) }), 'wrong seal'],
    [
      'a foreign key that the header itself names a validator',
      bft({ keys: [1, 2, 9].map(bftKey), validators: [...four, bftAddress(9)] }),
      'wrong seal',
    ],
    ['one validator twice', bft({ keys: [1, 2, 2].map(bftKey) }), 'wrong seal'],
    ['one validator twice among enough', bft({ keys: [1, 2, 3, 3].map(bftKey) }), 'wrong seal'],
    ['only strangers', bft({ keys: [7, 8, 9].map(bftKey), validators: [7, 8, 9].map(bftAddress) }), 'wrong seal'],
  ];
  for (const [name, seals, kind] of refused) {
    test(`with ${name} is refused`, async () => assert.equal(await found(seals), kind));
  }

  test('of the other scheme is refused, and so are seals beside it', async () => {
    assert.equal(await found(bft({ scheme: 'ibft2' })), 'too few');
    assert.equal(await found(bft(), { sealScheme: 'ibft2' }), 'too few');
    const header = await headerOf(bft());
    const beside = sealBlock({ chainId: 31337, blockNumber: header.number, blockHash: header.hash }, validatorKey);
    assert.equal(findSeals(header, [beside], pins(), nobleEd25519).kind, 'wrong seal');
    const embedded = { chainId: 31337, validators: [beside.validator] };
    assert.equal(findSeals(header, [beside], embedded, nobleEd25519).kind, 'sealed');
    assert.equal(findSeals(await headerOf(null), [], pins(), nobleEd25519).kind, 'too few');
  });

  test('says nothing where nobody is pinned', async () => {
    assert.equal(await found(bft(), { validators: [] }), 'nobody pinned');
  });

  test('of another round or block is refused: the seals do not fit', async () => {
    const header = encodeHeader(await blockOf(bft({ round: 1 })));
    const hash = readHeader(header).hash;
    const otherRound = altered(header, (extra) => extra.with(3, '0x02'));
    assert.equal(readHeader(otherRound).hash, hash, 'the round is not part of the hash of a block');
    assert.equal(findSeals(readHeader(otherRound), [], pins(), nobleEd25519).kind, 'wrong seal');
    const other = encodeHeader(await blockOf(bft({ round: 1, validators: four.toReversed() })));
    const seals = (decodeRlp((decodeRlp(`0x${other}`) as string[])[12]!) as unknown[])[4];
    const transplanted = altered(header, (extra) => extra.with(4, seals));
    assert.equal(findSeals(readHeader(transplanted), [], pins(), nobleEd25519).kind, 'wrong seal');
  });

  test('with its extraData changed anywhere is another block or is refused', async () => {
    const header = encodeHeader(await blockOf(bft({ round: 1 })));
    const { hash } = readHeader(header);
    const fields = decodeRlp(`0x${header}`) as string[];
    const extra = fields[12]!;
    for (let digit = 2; digit < extra.length; digit += 7) {
      const flipped = (Number.parseInt(extra[digit]!, 16) ^ 1).toString(16);
      const changed = extra.slice(0, digit) + flipped + extra.slice(digit + 1);
      const read = readHeader(encodeRlp(fields.toSpliced(12, 1, changed)).slice(2));
      const kind = findSeals(read, [], pins(), nobleEd25519).kind;
      assert.ok(read.hash !== hash || kind === 'wrong seal' || kind === 'too few', `digit ${digit}: ${kind}`);
      assert.notEqual(kind, 'sealed', `digit ${digit}`);
    }
  });

  test('has one form of each seal: the other s and other recovery ids are none', async () => {
    const { commit } = await headerOf(bft());
    const [seal] = commit!.seals;
    const { n } = secp256k1.Point.CURVE();
    const s = BigInt(`0x${seal!.slice(64, 128)}`);
    const twin = seal!.slice(0, 64) + (n - s).toString(16).padStart(64, '0') + (seal!.endsWith('00') ? '01' : '00');
    assert.equal(sealSigner(commit!.digest, seal!), pinned[0]);
    assert.equal(sealSigner(commit!.digest, twin), null);
    for (const end of ['02', '1b', '1c', 'ff'])
      assert.equal(sealSigner(commit!.digest, seal!.slice(0, 128) + end), null);
    assert.equal(sealSigner(commit!.digest, '00'.repeat(65)), null);
    assert.equal(sealSigner(commit!.digest, 'ff'.repeat(65)), null);
    assert.equal(sealSigner(commit!.digest, seal!.slice(2)), null);
  });

  test('in another encoding of the same parts is not taken for the block', async () => {
    const header = encodeHeader(await blockOf(bft({ scheme: 'ibft2', round: 5 })));
    const { hash } = readHeader(header);
    for (const change of [
      (extra: unknown[]) => extra.with(3, '0x05'),
      (extra: unknown[]) => [...extra, '0x'],
      (extra: unknown[]) => extra.slice(0, 4),
      (extra: unknown[]) => extra.with(0, `0x${'5e'.repeat(31)}`),
      (extra: unknown[]) => extra.with(2, [four[0], '0x01']),
    ]) {
      const read = readHeader(altered(header, change));
      assert.deepEqual([read.commit, read.hash === hash], [null, false]);
    }
  });

  test('of block 0 is hashed as it stands, and sealed by nobody', () => {
    const fields = ['', '', '', '', '', ''].map(() => `0x${'11'.repeat(32)}`);
    const genesis = [
      ...fields,
      `0x${'00'.repeat(256)}`,
      '0x01',
      '0x',
      '0x01',
      '0x',
      '0x01',
      '0x',
      fields[0]!,
      `0x${'00'.repeat(8)}`,
    ];
    const { extraData } = sealedExtraData(genesis, bft({ keys: [] }));
    assert.equal(readHeader(encodeRlp(genesis.toSpliced(12, 1, extraData)).slice(2)).commit, null);
  });

  test('that does not hash to what the RPC says is refused by the prover', async () => {
    const block = await blockOf(bft());
    for (const change of [{ gasUsed: '0x1' }, { hash: `0x${'ab'.repeat(32)}` }, { extraData: '0x' }]) {
      assert.throws(
        () => encodeHeader({ ...block, ...change }),
        (error) => isProtocolError(error, 'BLOCK_HEADER_MISMATCH'),
      );
    }
  });
});

describe('a bundle of a chain that seals in its headers', () => {
  async function told(t: TestContext, seals: PaperBft) {
    const story = await tellStory({ bft: seals });
    t.after(() => story.close());
    return {
      file: await story.bundle(),
      trust: parseTrust({ ...story.trust, sealScheme: seals.scheme, validators: pinned }),
    };
  }

  for (const scheme of ['qbft', 'ibft2'] as const) {
    test(`holds under pinned addresses (${scheme}), and carries no seals beside its blocks`, async (t) => {
      const { file, trust } = await told(t, bft({ scheme, round: 2 }));
      assert.equal(verifyBundle(file, trust).verdict, 'holds');
      assert.ok(file.blocks.every(({ seals }) => seals.length === 0));
    });
  }

  test('fails under other addresses or with too few seals, and is undecided where nobody is pinned', async (t) => {
    const { file, trust } = await told(t, bft());
    const others = [5, 6, 7, 8].map((n) => bftAddress(n).slice(2));
    const failing = verifyBundle(file, { ...trust, validators: others });
    assert.equal(failing.verdict, 'fails');
    assert.ok(failing.claims.some(({ code, why }) => code === 'BLOCK_SEALED' && why === 'WHY_SEAL_WRONG'));
    assert.equal(verifyBundle(file, { ...trust, validators: [] }).verdict, 'undecided');
    const more = { ...trust, validators: [...pinned, ...others] };
    const few = verifyBundle(file, more);
    assert.ok(few.claims.some(({ code, why }) => code === 'BLOCK_SEALED' && why === 'WHY_SEALS_MISSING'));
  });
});

test('a trust file names its scheme, and each validator once in the form of the scheme', () => {
  const trust = {
    suite: 'sealedger-v1/ed25519-sha256-ristretto255',
    version: 1,
    chainId: 1,
    genesisHash: 'ab'.repeat(32),
    contracts: {
      consortium: '1'.repeat(40),
      catalogue: '2'.repeat(40),
      requests: '3'.repeat(40),
      evidence: '4'.repeat(40),
      attestations: '5'.repeat(40),
    },
    validators: [] as string[],
  };
  const key = 'cd'.repeat(32);
  parseTrust({ ...trust, validators: [key] });
  parseTrust({ ...trust, sealScheme: 'ed25519', validators: [key] });
  parseTrust({ ...trust, sealScheme: 'qbft', validators: pinned });
  for (const wrong of [
    { validators: pinned },
    { sealScheme: 'ed25519', validators: pinned },
    { sealScheme: 'qbft', validators: [key] },
    { sealScheme: 'ibft2', validators: [pinned[0], key] },
    { sealScheme: 'qbft', validators: [pinned[0], pinned[0]] },
    { validators: [key, key] },
    { sealScheme: 'clique', validators: pinned },
    { sealScheme: 'qbft', validators: [bftAddress(1)] },
  ]) {
    assert.throws(
      () => parseTrust({ ...trust, ...wrong }),
      (error) => isProtocolError(error, 'SCHEMA_MISMATCH'),
    );
  }
});

describe('a chain without seals, under a pinned block', () => {
  async function told(t: TestContext) {
    const story = await tellStory();
    t.after(() => story.close());
    story.chain.isSealed = false;
    await story.chain.mine();
    const through = await story.chain.mine();
    const answer = (await story.chain.rpc.request('eth_getBlockByNumber', [`0x${through.toString(16)}`, false])) as {
      readonly hash: string;
    };
    const checkpoint = { number: through, hash: answer.hash.slice(2) };
    return { story, through, trust: { ...story.trust, validators: [], checkpoint } };
  }

  test('the block vouches for all before it whose headers are there', async (t) => {
    const { story, through, trust } = await told(t);
    const linked = await story.bundle(undefined, { through });
    assert.equal(linked.blocks.length, through - readHeader(linked.blocks[0]!.header).number + 1);
    assert.equal(verifyBundle(linked, trust).verdict, 'holds');
    assert.equal(verifyBundle(await story.bundle(), trust).verdict, 'undecided');
  });

  test('a gap ends what it vouches for, and another block of its number fails', async (t) => {
    const { story, through, trust } = await told(t);
    const linked = await story.bundle(undefined, { through });
    const gap = { ...linked, blocks: linked.blocks.toSpliced(-2, 1) };
    assert.notEqual(verifyBundle(gap, trust).verdict, 'holds');
    const other = { ...trust, checkpoint: { number: through, hash: 'ab'.repeat(32) } };
    assert.equal(verifyBundle(linked, other).verdict, 'fails');
  });

  test('headers that lead from nothing are surplus, and no bundle has more than it may', async (t) => {
    const { story, through, trust } = await told(t);
    const linked = await story.bundle(undefined, { through });
    const plain = await story.bundle();
    const stray = verifyBundle({ ...plain, blocks: [...plain.blocks, linked.blocks.at(-1)!] }, trust);
    assert.ok(stray.claims.some(({ code, why }) => code === 'FORM' && why === 'WHY_SURPLUS'));
    await assert.rejects(story.part('tax', undefined, { through: 20_000 }), (error) =>
      isProtocolError(error, 'EXPORT_TOO_FAR'),
    );
  });
});

test('nodes that hold different seals of one block give one bundle, with the fuller header', async (t) => {
  const story = await tellStory({ bft: bft() });
  t.after(() => story.close());
  const fewer = await story.part('tax');
  const all = bft({ keys: [1, 2, 3, 4].map(bftKey) });
  const others = await Promise.all((['bureau', 'social'] as const).map((name) => story.part(name)));
  const fuller = others.map((part) => ({
    ...part,
    blocks: part.blocks.map(({ header, seals }) => {
      const fields = decodeRlp(`0x${header}`) as string[];
      const { extraData } = sealedExtraData(fields, all);
      return { header: encodeRlp(fields.toSpliced(12, 1, extraData)).slice(2), seals };
    }),
  }));
  const merged = mergeBundles([fewer, ...fuller]);
  const hashes = merged.blocks.map(({ header }) => readHeader(header).hash);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.ok(merged.blocks.some(({ header }) => readHeader(header).commit?.seals.length === 4));
  const trust = parseTrust({ ...story.trust, sealScheme: 'qbft', validators: pinned });
  assert.equal(verifyBundle(merged, trust).verdict, 'holds');
});
