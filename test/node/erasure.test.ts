/** A gate's key is gone from its files when its grant has ended. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { createStateStore, openDatabase } from '@sealedger/node/store/level-store.ts';
import { temporaryDirectory } from './support/temporary.ts';

async function isIn(directory: string, text: string): Promise<boolean> {
  const files = await readdir(directory);
  const contents = await Promise.all(files.map((name) => readFile(join(directory, name), 'latin1')));
  return contents.some((content) => content.includes(text));
}

it('an erased value is in no file of the store any more, and its neighbours stay', async (t) => {
  const directory = join(await temporaryDirectory(t), 'state');
  const database = await openDatabase(directory);
  t.after(() => database.close());
  const state = createStateStore(database);
  const secret = 'c0ffee5ec4e7'.repeat(5);
  await state.write([
    { type: 'put', key: 'epoch/a', value: secret },
    { type: 'put', key: 'epoch/b', value: 'another' },
  ]);
  assert.equal(await isIn(directory, secret), true);
  await state.erase('epoch/a');
  assert.equal(await isIn(directory, secret), false);
  assert.equal(await state.get('epoch/a'), undefined);
  assert.equal(await state.get('epoch/b'), 'another');
});
