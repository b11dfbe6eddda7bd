/** Every part of a bundle is needed: changed, dropped or doubled, it makes the verifier fail and name what does not hold. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { flipBytes, outcomeOf } from './support/byte-flips.ts';
import { at, claimsFor, entriesOf, type Json, leavesOf, type Path } from './support/file-places.ts';
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
  // Two keys and two checkpoints of one organisation, so that a consistency proof is in the file.
  await story.rotate('tax');
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
});
after(() => story.close());
const subjects = [requestSubject, batchSubject, versionSubject];

function* containersOf(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  yield path;
  for (const [key, item] of entriesOf(value)) yield* containersOf(item, [...path, key]);
}

/** The text of a file in which the value at `path` is what `change` makes of it. */
function changed(root: Json, path: Path, change: (value: Json) => Json): string {
  const copy = { root: structuredClone(root) };
  const whole: Path = ['root', ...path];
  const parent = at(copy, whole.slice(0, -1)) as { [key: string]: Json };
  parent[whole.at(-1)!] = change(parent[whole.at(-1)!]!);
  return `${canonicalText(copy.root)}\n`;
}

/** Another value of the same type, and for hex still hex: one digit in the middle is another one. */
function flipped(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') throw new Error('no leaf');
  const middle = Math.floor(value.length / 2);
  const digit = value[middle] ?? '';
  if (/[0-9a-f]/.test(digit)) {
    const other = ((Number.parseInt(digit, 16) + 1) % (value.startsWith('#') ? 10 : 16)).toString(16);
    return value.slice(0, middle) + other + value.slice(middle + 1);
  }
  return value === '' ? '01' : `${value.slice(0, middle)}${digit === 'x' ? 'y' : 'x'}${value.slice(middle + 1)}`;
}

/** First and last place of every class of places (the same path but for the numbers in it). */
function chosen(paths: readonly Path[]): readonly Path[] {
  const classes = new Map<string, Path[]>();
  for (const path of paths) {
    const name = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    classes.set(name, [...(classes.get(name) ?? []), path]);
  }
  return [...classes.values()].flatMap((places) => (places.length === 1 ? places : [places[0]!, places.at(-1)!]));
}

/** The first place of each class alone. */
function chosenOnce(paths: readonly Path[]): readonly Path[] {
  const nameOf = (path: Path): string => path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
  return paths.filter((path, i) => paths.findIndex((other) => nameOf(other) === nameOf(path)) === i);
}

async function fileOf(subject: (typeof subjects)[number]): Promise<Json> {
  return JSON.parse(bundleText(await story.bundle(subject))) as Json;
}

for (const subject of subjects) {
  test(`${subject.kind}: any value of the file changed makes the claim fail that rests on it`, async () => {
    const file = await fileOf(subject);
    assert.deepEqual(
      outcomeOf(
        changed(file, [], (whole) => whole),
        story.trust,
      ),
      { failed: new Set() },
    );
    let read = 0;
    const places = chosen([...leavesOf(file)]);
    // a batch has the receipts and events of the request: every class of places, though one place of each
    for (const path of subject.kind === 'batch' ? chosenOnce(places) : places) {
      const outcome = outcomeOf(changed(file, path, flipped), story.trust);
      if ('unreadable' in outcome) {
        assert.ok(['SCHEMA_MISMATCH', 'BLOCK_HEADER_MALFORMED'].includes(outcome.unreadable), path.join('.'));
        continue;
      }
      read += 1;
      const isNamed = claimsFor(file, path).some((code) => outcome.failed.has(code));
      assert.ok(isNamed, `${path.join('.')} breaks ${[...outcome.failed].join(', ') || 'nothing'}`);
    }
    assert.ok(read > 50, `${read} changed files could be read`);
  });

  test(`${subject.kind}: any entry of any list dropped, doubled or exchanged makes it fail`, async () => {
    const file = await fileOf(subject);
    for (const path of chosen([...containersOf(file)].filter((one) => Array.isArray(at(file, one))))) {
      const list = at(file, path) as Json[];
      const ends = [...new Set([0, Math.floor(list.length / 2), list.length - 1])].filter(
        (i) => i >= 0 && i < list.length,
      );
      const variants: Json[][] = ends.flatMap((i) => [
        list.filter((_, j) => j !== i),
        // order and repetition are of the form, whatever the subject; what is missing is not
        ...(subject.kind === 'batch' ? [] : [[...list.slice(0, i + 1), ...list.slice(i)]]),
        ...(i > 0 && subject.kind !== 'batch' ? [list.with(i, list[i - 1]!).with(i - 1, list[i]!)] : []),
      ]);
      for (const variant of variants) {
        if (canonicalText(variant) === canonicalText(list)) continue;
        const outcome = outcomeOf(
          changed(file, path, () => variant),
          story.trust,
        );
        const fails = 'unreadable' in outcome || outcome.failed.size > 0;
        assert.ok(fails, `${path.join('.')} with ${variant.length} of ${list.length}`);
      }
    }
  });

  test(`${subject.kind}: any entry of any object left out makes the file unreadable or a claim fail`, async () => {
    const file = await fileOf(subject);
    for (const path of chosen([...containersOf(file)].filter((one) => !Array.isArray(at(file, one))))) {
      for (const key of Object.keys(at(file, path) as object)) {
        const without = changed(file, path, (object) => {
          const { [key]: _, ...rest } = object as { [key: string]: Json };
          return rest;
        });
        const outcome = outcomeOf(without, story.trust);
        assert.ok('unreadable' in outcome || outcome.failed.size > 0, [...path, key].join('.'));
      }
    }
  });

  test(`${subject.kind}: one byte of the file changed, wherever it is, breaks the claim that rests on it`, async () => {
    const text = bundleText(await story.bundle(subject));
    // A prime step reaches every kind of byte and keeps the test short; byte-flips.deep.test.ts leaves none out.
    const places = Array.from({ length: Math.ceil(text.length / 701) }, (_, i) => i * 701);
    const { unreadable, failed } = flipBytes(text, story.trust, [...places, text.length - 1]);
    assert.ok(unreadable > 3 && failed > 3, `${unreadable} unreadable, ${failed} failed`);
  });
}

test('another text that says the same is not the file', async () => {
  const text = bundleText(await story.bundle(requestSubject));
  const file = JSON.parse(text) as { words: string[] };
  const variants = [
    `${text}\n`,
    text.trimEnd(),
    JSON.stringify(file, null, 1),
    `${canonicalText({ ...file, words: [...file.words, 'ff'.repeat(32)] })}\n`,
    text.replace('"#0"', `"${file.words[0]}"`),
  ];
  for (const variant of variants) assert.deepEqual(outcomeOf(variant, story.trust), { failed: new Set(['FORM']) });
});
