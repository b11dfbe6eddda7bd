/** Every part of a bundle is needed: changed, dropped or doubled, it makes the verifier fail and name what does not hold. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { verifyBundle, verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { rememberedEd25519 } from './support/remembered-ed25519.ts';
import { batchSubject, requestSubject, retiredDraft, type Story, tellStory } from './support/request-story.ts';

let story: Story;
before(async () => {
  story = await tellStory();
  // Two keys and two checkpoints of one organisation, so that a consistency proof is in the file.
  await story.rotate('tax');
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
});
after(() => story.close());
const ed25519 = rememberedEd25519();

type Path = readonly (string | number)[];
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function* leavesOf(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) yield path;
  else
    for (const [key, item] of Object.entries(value))
      yield* leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]);
}

function* arraysOf(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) yield path;
  for (const [key, item] of Object.entries(value))
    yield* arraysOf(item, [...path, Array.isArray(value) ? Number(key) : key]);
}

function* objectsOf(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield path;
  for (const [key, item] of Object.entries(value))
    yield* objectsOf(item, [...path, Array.isArray(value) ? Number(key) : key]);
}

function at(root: Json, path: Path): Json {
  return path.reduce<Json>((value, key) => (value as { [key: string]: Json })[key]!, root);
}

/** A copy of `root` in which the value at `path` is what `change` makes of it. */
function changed(root: Json, path: Path, change: (value: Json) => Json): Json {
  const copy = structuredClone(root);
  const last = path.at(-1);
  if (last === undefined) return change(copy);
  const parent = at(copy, path.slice(0, -1)) as { [key: string]: Json };
  parent[last] = change(parent[last]!);
  return copy;
}

/** Another value of the same type, and for hex still hex: one digit in the middle is another one. */
function flipped(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') throw new Error('no leaf');
  const middle = Math.floor(value.length / 2);
  const digit = value[middle]!;
  const other = /[0-9a-f]/.test(digit)
    ? ((Number.parseInt(digit, 16) + 1) % 16).toString(16)
    : digit === 'x'
      ? 'y'
      : 'x';
  return value.slice(0, middle) + other + value.slice(middle + 1);
}

/** The claims that fail, or the code with which the file could not be read. */
function failuresOf(
  bundle: Json,
  trust: Trust,
): { readonly unreadable: string } | { readonly failed: ReadonlySet<ClaimCode> } {
  try {
    const { verdict, claims } = verifyBundle(bundle, trust, { ed25519 });
    if (verdict === 'holds') return { failed: new Set() };
    return { failed: new Set(claims.filter(({ status }) => status === 'fails').map(({ code }) => code)) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { unreadable: error.code };
  }
}

/** The claim that a change below this path must at least break; a file that cannot be read is refused as a whole. */
function claimFor(path: Path): readonly ClaimCode[] {
  const [part, , section, field] = path;
  if (part === 'subject') return ['PART_COMPLETE'];
  if (part === 'chain') return ['CHAIN_PINNED'];
  if (part === 'blocks') return ['BLOCK_SEALED'];
  if (part === 'receipts') return ['RECEIPT_PROVEN'];
  if (part === 'checkpoints') return ['CHECKPOINT_SIGNED'];
  if (part === 'consistency') return ['LOG_CONSISTENT', 'FORM'];
  if (part === 'statements') return ['PART_COMPLETE'];
  if (part === 'items' && section === 'openings') return ['EVENT_FIELDS'];
  if (part === 'items' && section === 'signed')
    return field === 'event' ? ['EVENT_SIGNED', 'EVENT_FIELDS'] : ['EVENT_SIGNED'];
  return ['EVENT_LOGGED'];
}

/**
 * First and last place of every class of places (the same path but for the numbers in it); all places where
 * SEALEDGER_TEST_DEEP is set, which takes minutes.
 */
function chosen(paths: readonly Path[]): readonly Path[] {
  if (process.env['SEALEDGER_TEST_DEEP'] !== undefined) return paths;
  const classes = new Map<string, Path[]>();
  for (const path of paths) {
    const name = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    classes.set(name, [...(classes.get(name) ?? []), path]);
  }
  return [...classes.values()].flatMap((places) => (places.length === 1 ? places : [places[0]!, places.at(-1)!]));
}

for (const subject of [requestSubject, batchSubject]) {
  test(`${subject.kind}: any value of the file changed makes the claim fail that rests on it`, async () => {
    const bundle = (await story.bundle(subject)) as unknown as Json;
    const { failed } = failuresOf(bundle, story.trust) as { failed: ReadonlySet<ClaimCode> };
    assert.deepEqual([...failed], []);
    let read = 0;
    for (const path of chosen([...leavesOf(bundle)])) {
      const outcome = failuresOf(changed(bundle, path, flipped), story.trust);
      if ('unreadable' in outcome) {
        assert.ok(['SCHEMA_MISMATCH', 'BLOCK_HEADER_MALFORMED'].includes(outcome.unreadable), path.join('.'));
        continue;
      }
      read += 1;
      const isNamed = claimFor(path).some((code) => outcome.failed.has(code));
      assert.ok(isNamed, `${path.join('.')} breaks ${[...outcome.failed].join(', ') || 'nothing'}`);
    }
    assert.ok(read > 100, `${read} changed files could be read`);
  });

  test(`${subject.kind}: any entry of any list dropped, doubled or exchanged makes it fail`, async () => {
    const bundle = (await story.bundle(subject)) as unknown as Json;
    assert.ok((at(bundle, ['consistency']) as Json[]).length > 0);
    for (const path of chosen([...arraysOf(bundle)])) {
      const list = at(bundle, path) as Json[];
      const variants: Json[][] = list.flatMap((_, i) => [
        list.filter((__, j) => j !== i),
        [...list.slice(0, i + 1), ...list.slice(i)],
        ...(i > 0 ? [list.with(i, list[i - 1]!).with(i - 1, list[i]!)] : []),
      ]);
      for (const variant of variants) {
        if (JSON.stringify(variant) === JSON.stringify(list)) continue;
        const outcome = failuresOf(
          changed(bundle, path, () => variant),
          story.trust,
        );
        const fails = 'unreadable' in outcome || outcome.failed.size > 0;
        assert.ok(fails, `${path.join('.')} with ${variant.length} of ${list.length}`);
      }
    }
  });
}

test('any field of any object left out makes the file unreadable or a claim fail, but for openings, which may be withheld', async () => {
  const bundle = (await story.bundle(requestSubject)) as unknown as Json;
  for (const path of chosen([...objectsOf(bundle)])) {
    if (path.at(-1) === 'openings') continue;
    for (const key of Object.keys(at(bundle, path) as object)) {
      const without = changed(bundle, path, (object) => {
        const { [key]: _, ...rest } = object as { [key: string]: Json };
        return rest;
      });
      const outcome = failuresOf(without, story.trust);
      assert.ok('unreadable' in outcome || outcome.failed.size > 0, [...path, key].join('.'));
    }
  }
});

test('one byte of the file changed, wherever it is, makes it fail or unreadable', async () => {
  const text = bundleText(await story.bundle(requestSubject));
  const bytes = Buffer.from(text);
  // A prime step reaches every kind of byte and keeps the test short.
  for (let place = 0; place < bytes.length; place += 1511) {
    for (const mask of [0x01, 0x07, 0x20]) {
      const copy = Buffer.from(bytes);
      copy[place]! ^= mask;
      let verdict: string;
      try {
        verdict = verifyBundleText(copy.toString('utf8'), story.trust, { ed25519 }).verdict;
      } catch (error) {
        assert.ok(isProtocolError(error), `byte ${place}`);
        continue;
      }
      assert.equal(verdict, 'fails', `byte ${place} with ${mask}`);
    }
  }
  assert.equal(verifyBundleText(text, story.trust, { ed25519 }).verdict, 'holds');
  assert.equal(verifyBundleText(`${text}\n`, story.trust, { ed25519 }).verdict, 'fails');
  assert.equal(verifyBundleText(JSON.stringify(JSON.parse(text), null, 1), story.trust, { ed25519 }).verdict, 'fails');
});
