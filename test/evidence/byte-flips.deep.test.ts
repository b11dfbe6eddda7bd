/** Every byte of a small and complete bundle, each changed several ways. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { flipBytes } from './support/byte-flips.ts';
import { requestSubject, retiredDraft, type Story, tellStory, versionSubject } from './support/request-story.ts';

let story: Story;
before(async () => {
  story = await tellStory();
  await story.rotate('tax');
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
});
after(() => story.close());

for (const subject of [versionSubject, requestSubject]) {
  test(`${subject.kind}: no byte can be changed without the claim failing that rests on it`, async () => {
    const text = bundleText(await story.bundle(subject));
    const { unreadable, failed } = flipBytes(text, story.trust, text.split('').keys());
    assert.ok(unreadable + failed > 2 * text.length);
  });
}
