import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { completenessCheck } from '@sealedger/node/approval/completeness-check.ts';
import { createAttachmentStore } from '@sealedger/node/request/attachment-store.ts';
import { requestStores } from '@sealedger/node/request/completeness.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const content = Buffer.from('I agree that my bank asks.');
const sha256 = createHash('sha256').update(content).digest('hex');
const declared = { name: 'form.txt', mediaType: 'text/plain', bytes: content.length, sha256 };
const document = requestDocument({ attachments: [declared] });

const sending =
  (...parts: Uint8Array[]) =>
  (sink: NodeJS.WritableStream): Promise<void> =>
    pipeline(Readable.from(parts), sink);

async function storeOf(t: TestContext) {
  const directory = join(await temporaryDirectory(t), 'attachments');
  return { directory, store: createAttachmentStore(directory) };
}

/** Files under the directory, however deep. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('an attachment', () => {
  it('is kept under its request and digest, readable by the node alone', async (t) => {
    const { directory, store } = await storeOf(t);
    assert.deepEqual(await store.missing(document), [declared]);
    await store.receive(document, sha256, sending(content.subarray(0, 5), content.subarray(5)));
    assert.deepEqual(await store.missing(document), []);
    const path = store.path(document, sha256);
    assert.equal(path, join(directory, requestId(document), sha256));
    assert.deepEqual(await readFile(path), content);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('may come twice, and from several calls at once', async (t) => {
    const { directory, store } = await storeOf(t);
    await Promise.all(Array.from({ length: 8 }, () => store.receive(document, sha256, sending(content))));
    await store.receive(document, sha256, sending(content));
    assert.deepEqual(await filesIn(directory), [sha256]);
  });

  it('that the request does not declare is not taken, whatever it is called', async (t) => {
    const { directory, store } = await storeOf(t);
    for (const name of [hexOf(1), '../../escape', '', '__proto__']) {
      await assert.rejects(store.receive(document, name, sending(content)), refusal('ATTACHMENT_UNDECLARED'));
    }
    assert.deepEqual(await filesIn(directory), []);
    const other = requestDocument({ nonce: hexOf(0x12), attachments: [] });
    await assert.rejects(store.receive(other, sha256, sending(content)), refusal('ATTACHMENT_UNDECLARED'));
  });

  it('with another digest, too short or too long leaves nothing behind', async (t) => {
    const { directory, store } = await storeOf(t);
    const forged = Buffer.from(content);
    forged[0]! ^= 1;
    await assert.rejects(
      store.receive(document, sha256, sending(forged)),
      refusal('ATTACHMENT_MISMATCH', { part: 'digest' }),
    );
    await assert.rejects(
      store.receive(document, sha256, sending(content.subarray(1))),
      refusal('ATTACHMENT_MISMATCH', { part: 'size' }),
    );
    await assert.rejects(store.receive(document, sha256, sending()), refusal('ATTACHMENT_MISMATCH', { part: 'size' }));
    await assert.rejects(
      store.receive(document, sha256, sending(content, content)),
      refusal('ATTACHMENT_MISMATCH', { part: 'size' }),
    );
    assert.deepEqual(await filesIn(directory), []);
  });

  it('is cut off while it streams: a sender of 1 GiB fills no disk', async (t) => {
    const { directory, store } = await storeOf(t);
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        for (; sent < 1 << 30; sent += 1 << 16) yield Buffer.alloc(1 << 16);
      })(),
    );
    await assert.rejects(
      store.receive(document, sha256, (sink) => pipeline(endless, sink)),
      refusal('ATTACHMENT_MISMATCH'),
    );
    assert.ok(sent < 1 << 22, String(sent));
    assert.deepEqual(await filesIn(directory), []);
  });

  it('whose sender breaks off, or whose signature fails at the end, is not kept', async (t) => {
    const { directory, store } = await storeOf(t);
    const broken = async (sink: NodeJS.WritableStream): Promise<void> => {
      sink.write(content);
      throw new Error('the line is cut');
    };
    await assert.rejects(store.receive(document, sha256, broken), /the line is cut/);
    assert.deepEqual(await filesIn(directory), []);
    await store.receive(document, sha256, sending(content));
    await assert.rejects(store.receive(document, sha256, broken), /the line is cut/);
    assert.deepEqual(await filesIn(directory), [sha256], 'what was kept before stays');
  });
});

describe('a request of which something has not arrived', () => {
  const use = (moment: 'announce' | 'start' | 'chunk' | 'order') =>
    ({ kind: moment === 'order' ? 'unlock' : 'compute', moment, requestId: requestId(document), count: 0 }) as const;
  const check = (missing: readonly string[], moment: Parameters<typeof use>[0], of: RequestDocument = document) =>
    completenessCheck(async () => missing)(use(moment), onChainView(of), of, undefined);

  it('is not computed, and the refusal names what is missing', async () => {
    const missing = ['model', `attachment:${sha256}`];
    for (const moment of ['announce', 'start'] as const) {
      await assert.rejects(check(missing, moment), refusal('REQUEST_INCOMPLETE', { missing: missing.join(', ') }));
      await check([], moment);
    }
  });

  it('is asked for once a computation begins, not before each chunk and unlocking', async () => {
    await check(['model'], 'chunk');
    await check(['model'], 'order');
  });

  it('misses the model at departments only, attachments everywhere', async (t) => {
    const dataDir = await temporaryDirectory(t);
    assert.deepEqual(await requestStores('tax', dataDir).missing(document), ['model', `attachment:${sha256}`]);
    const bureau = requestStores('bureau', dataDir);
    assert.deepEqual(await bureau.missing(document), [`attachment:${sha256}`]);
    await bureau.attachments.receive(document, sha256, sending(content));
    assert.deepEqual(await bureau.missing(document), []);
  });
});
