/** Every byte of a small and complete bundle, each changed several ways; every seventh of a larger one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { flipBytesInThreads } from './support/byte-flips.ts';
import {
  qualityDraft,
  qualityRecorded,
  requestSubject,
  type Story,
  tellStory,
  versionSubject,
  versions,
} from './support/request-story.ts';

let story: Story;
before(async () => {
  story = await tellStory();
  // A second key and a second score, so that two checkpoints with a consistency proof are in the file.
  await story.rotate('tax');
  await story.logs.tax.append([qualityDraft(versions.tax, 2, 9_300)]);
  await story.chain.mine([qualityRecorded('tax', 2, 9_300)]);
  await story.anchor('tax');
});
after(() => story.close());

test('version: no byte can be changed without the claim failing that rests on it', async () => {
  const bundle = await story.part('tax', versionSubject);
  const lists = [
    bundle.blocks,
    bundle.receipts,
    bundle.checkpoints,
    bundle.consistency,
    bundle.statements,
    bundle.items,
  ];
  assert.ok(
    lists.every((list) => list.length > 0),
    'every part of a bundle is there',
  );
  const text = bundleText(bundle);
  const { unreadable, failed } = await flipBytesInThreads(
    text,
    story.trust,
    [...text].map((_, place) => place),
  );
  assert.ok(unreadable + failed >= 2 * text.length);
});

test('request: no seventh byte can be changed without the claim failing that rests on it', async () => {
  const text = bundleText(await story.bundle(requestSubject));
  const places = Array.from({ length: Math.ceil(text.length / 7) }, (_, i) => 7 * i);
  const { unreadable, failed } = await flipBytesInThreads(text, story.trust, places);
  assert.ok(unreadable + failed >= 2 * places.length);
});
