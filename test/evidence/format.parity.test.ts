/**
 * A second reading of the file after docs/evidence.md alone: Node's own crypto, an RLP of its own, no code of the verifier.
 * What it computes must be what the file and the reference say.
 */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import { bundleText, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { keccak256 } from 'ethers';
import { testSigner } from './support/log-fixture.ts';
import {
  batchSubject,
  requestSubject,
  retiredDraft,
  type Story,
  tellStory,
  versionSubject,
} from './support/request-story.ts';

let story: Story;
before(async () => {
  story = await tellStory();
  await story.rotate('tax');
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
});
after(() => story.close());

type FileLog = { address: string; topics: string[]; data: string | string[] };
type FileReceipt = { at: number; above: string[]; leaf: string; type: number; gas: string; logs: FileLog[] };
type FileEvent = {
  at: number;
  kind: string;
  id: string;
  time: string;
  keyEpoch: number;
  signature: string;
  fields: Record<string, string | [string, unknown]>;
};
type File = {
  suite: string;
  subject: unknown;
  words: string[];
  blocks: { header: string[]; bloom: number[] | string; receipts: FileReceipt[] }[];
  logs: {
    org: string;
    statement: Record<string, unknown> & { keyEpoch: number; signature: string };
    checkpoints: {
      size: number;
      root: string;
      keyEpoch: number;
      signature: string;
      tree: string[];
      events: FileEvent[];
    }[];
  }[];
};

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** Canonical JSON of what a bundle holds: ASCII names, whole numbers, no escapes. */
function json(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`).join(',')}}`;
}

function len(...parts: (Buffer | string)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part as string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

type Rlp = Buffer | readonly Rlp[];

/** Recursive length prefix, yellow paper, appendix B. */
function rlp(value: Rlp): Buffer {
  if (Buffer.isBuffer(value) && value.length === 1 && value[0]! < 0x80) return value;
  const body = Buffer.isBuffer(value) ? value : Buffer.concat(value.map(rlp));
  const offset = Buffer.isBuffer(value) ? 0x80 : 0xc0;
  if (body.length < 56) return Buffer.concat([Buffer.of(offset + body.length), body]);
  const digits = body.length.toString(16);
  const length = hex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return Buffer.concat([Buffer.of(offset + 55 + length.length), length, body]);
}

function isSigned(org: string, keyEpoch: number, message: Buffer, signature: string): boolean {
  const der = Buffer.concat([hex('302a300506032b6570032100'), Buffer.from(testSigner(org, keyEpoch).publicKey)]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), hex(signature));
}

function read(text: string): File {
  const { words, ...rest } = JSON.parse(text) as File;
  const place = (value: unknown): unknown => {
    if (typeof value === 'string') return /^#\d+$/.test(value) ? words[Number(value.slice(1))] : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(place);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, place(item)]));
  };
  return { ...(place(rest) as File), words };
}

function leafOf(file: File, org: string, one: FileEvent): { event: unknown; leaf: Buffer } {
  const data = Object.entries(one.fields).map(([name, field]) => {
    if (typeof field === 'string') return [name, field];
    const [salt, value] = field;
    const preimage = len('sealedger/v1/field-commitment', hex(salt), json([name, value]));
    return [name, sha256(preimage).toString('hex')];
  });
  const event = {
    specversion: '1.0',
    id: one.id,
    source: `urn:sealedger:org:${org}`,
    type: `org.sealedger.${one.kind}.v1`,
    time: one.time,
    datacontenttype: 'application/json',
    suite: file.suite,
    data: Object.fromEntries(data) as unknown,
  };
  const { keyEpoch, signature } = one;
  return { event, leaf: sha256(Buffer.of(0), Buffer.from(json({ event, keyEpoch, signature }))) };
}

function rootOf(size: number, leaves: ReadonlyMap<number, Buffer>, tree: string[]): string {
  const rest = [...tree];
  const root = (start: number, end: number): Buffer => {
    if (![...leaves.keys()].some((at) => at >= start && at < end)) return hex(rest.shift() ?? '');
    if (end - start === 1) return leaves.get(start)!;
    let split = 1;
    while (split * 2 < end - start) split *= 2;
    return sha256(Buffer.of(1), root(start, start + split), root(start + split, end));
  };
  const whole = root(0, size).toString('hex');
  assert.deepEqual(rest, []);
  return whole;
}

function bloomOf(bits: readonly number[]): Buffer {
  const bloom = Buffer.alloc(256);
  for (const bit of bits) bloom[255 - Math.floor(bit / 8)]! |= 2 ** (bit % 8);
  return bloom;
}

function receiptOf({ type, gas, logs }: FileReceipt): Buffer {
  const bits = logs
    .flatMap(({ address, topics }) => [address, ...topics])
    .flatMap((value) => [2, 6, 10].map((at) => Number.parseInt(keccak256(`0x${value}`).slice(at, at + 4), 16) % 2048));
  const lists = logs.map(({ address, topics, data }) => [
    hex(address),
    topics.map(hex),
    hex(typeof data === 'string' ? data : data.map((word) => word.padStart(64, '0')).join('')),
  ]);
  const body = rlp([Buffer.of(1), hex(gas), bloomOf(bits), lists]);
  return type === 0 ? body : Buffer.concat([Buffer.of(type), body]);
}

for (const subject of [requestSubject, batchSubject, versionSubject]) {
  for (const withhold of ['nothing', 'everything'] as const) {
    test(`${subject.kind} with ${withhold} withheld: read by the specification, it is what the reference reads`, async () => {
      const text = bundleText(await story.bundle(subject, { withhold: () => withhold === 'everything' }));
      const file = read(text);
      const bundle = parseBundle(JSON.parse(text));
      for (const { org, statement, checkpoints } of file.logs) {
        const { keyEpoch, signature, ...said } = statement;
        const whole = { ...said, suite: file.suite, org, subject: file.subject };
        const stated = len('sealedger/v1/completeness-statement', json({ keyEpoch, statement: whole }));
        assert.ok(isSigned(org, keyEpoch, stated, signature));
        for (const { size, root, tree, events, ...head } of checkpoints) {
          const checkpoint = { suite: file.suite, org, size, root };
          const message = len('sealedger/v1/checkpoint', json({ checkpoint, keyEpoch: head.keyEpoch }));
          assert.ok(isSigned(org, head.keyEpoch, message, head.signature));
          const leaves = new Map<number, Buffer>();
          for (const one of events) {
            const { event, leaf } = leafOf(file, org, one);
            leaves.set(one.at, leaf);
            const signed = len('sealedger/v1/event', json({ event, keyEpoch: one.keyEpoch }));
            assert.ok(isSigned(org, one.keyEpoch, signed, one.signature));
          }
          assert.equal(rootOf(size, leaves, tree), root);
        }
      }
      assert.equal(
        bundle.items.length,
        file.logs.flatMap((one) => one.checkpoints.flatMap(({ events }) => events)).length,
      );
    });
  }

  test(`${subject.kind}: headers and receipts come back, and hash to one another`, async () => {
    const text = bundleText(await story.bundle(subject));
    const bundle = parseBundle(JSON.parse(text));
    const { blocks } = read(text);
    const receipts = blocks.flatMap((block) => block.receipts.map((receipt) => ({ block, receipt })));
    for (const [i, { header, bloom }] of blocks.entries()) {
      const filter = typeof bloom === 'string' ? hex(bloom) : bloomOf(bloom);
      const fields = header.map(hex).toSpliced(6, 0, filter);
      const encoded = rlp(fields);
      assert.equal(encoded.toString('hex'), bundle.blocks[i]?.header);
    }
    for (const [i, { block, receipt }] of receipts.entries()) {
      const leaf = rlp([hex(receipt.leaf), receiptOf(receipt)]);
      const nodes = [...receipt.above, leaf.toString('hex')];
      assert.deepEqual(nodes, bundle.receipts[i]?.proof);
      // Field 5 of the header is the root of the receipts trie.
      assert.equal(keccak256(`0x${nodes[0]}`), `0x${block.header[5]}`);
    }
  });
}
