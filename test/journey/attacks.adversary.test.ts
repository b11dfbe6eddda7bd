/** Banks and outsiders that do not keep to the rules, against real nodes: refused with a stable code, nothing metered. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { concat, fromHex, toHex, uint32be, utf8 } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { signRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { createPeerClient, type Peer, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { featureCount, featureIndexes } from '@sealedger/protocol/request.ts';
import { RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import { PUBLIC_KEY_RECORD_BYTES, WEIGHT_RECORD_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { signingKeyOn } from '@sealedger/sdk/peer-of.ts';
import type { BankRequest } from '@sealedger/sdk/stored-request.ts';
import { type UnlockGate, unlockAtGate } from '@sealedger/sdk/unlocker.ts';
import { systemClock } from '../../deploy/clock.ts';
import { memoryStore, startConsortium, type TestConsortium } from './support/consortium.ts';

/** What a request says in words, for its owners alone. */
const WORDS = {
  unit: 'Planted Unit 7',
  person: '王联系人七七七',
  channel: 'planted@bank.example',
  ground: 'planted ground 481',
};

const refusedWith = (code: ErrorCode) => (error: unknown) => isProtocolError(error, code);

describe('dishonest callers', { timeout: 600_000 }, () => {
  let world: TestConsortium;
  let request: BankRequest;
  let computationId: string;
  /** Every body that a node or the chain answered with, to the bank and to the attackers. */
  const answers: Buffer[] = [];
  const scores: string[] = [];
  const { fetch: plainFetch } = globalThis;
  before(async () => {
    globalThis.fetch = async (...call) => {
      const response = await plainFetch(...call);
      answers.push(Buffer.from(await response.clone().arrayBuffer()));
      return response;
    };
    world = await startConsortium();
    const { unit, person, channel, ground } = WORDS;
    const words = { contact: { unit, person, channel }, legalBasis: { code: 'consent', text: ground } } as const;
    request = await world.ask(61, 'credit-underwriting', words);
    await world.bank.awaitDecision(request.requestId, 90_000);
    computationId = (await world.bank.compute(request.requestId)).computationId;
    for (const score of (await world.bank.unlock(request.requestId, world.subjects.slice(0, 1))).values()) {
      if (score.status === 'scored') scores.push(String(score.logit));
    }
  });
  after(async () => {
    globalThis.fetch = plainFetch;
    await world.end();
  });

  const ports = () => ({
    fetch,
    clock: systemClock,
    randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
    store: memoryStore(),
  });
  const clientOf = (org: string): PeerClient => {
    const { keys } = world.organisation(org);
    return createPeerClient({ org, keyEpoch: 1, sign: (message) => nobleEd25519.sign(message, keys.signing) }, ports());
  };
  const peerOf = (org: string): Peer => {
    const { endpoint, keys } = world.organisation(org);
    return { org, endpoint, keyEpoch: 1, ed25519: nobleEd25519.publicKey(keys.signing) };
  };
  const gateOf = async (org: string): Promise<UnlockGate> => {
    const onChain = await world.bank.ledger.request(request.requestId);
    return { ...peerOf(org), publicKey: fromHex(onChain!.gates.find((gate) => gate.org === org)!.poprfPublicKey!, 32) };
  };
  const unlockOn = async (lane: number, count: number): Promise<readonly Uint8Array[]> => {
    const { keys } = world.organisation('harbour-bank');
    const parts = {
      ports: ports(),
      peers: clientOf('harbour-bank'),
      poprf: await loadPoprf(),
      signer: { org: 'harbour-bank', keyEpoch: 1, secretKey: keys.signing },
      signingKey: signingKeyOn(world.bank.ledger, systemClock),
      lanes: new Map(),
      blinders: new Map(),
      keep: async () => undefined,
    };
    const batch = { requestId: request.requestId, computationId, lane, subjects: world.subjects.slice(0, count) };
    return unlockAtGate(parts, await gateOf('audit-office'), batch);
  };

  it('lets exactly as many of 100 parallel unlockings pass as the quota has left', async () => {
    await unlockOn(500, 23);
    const results = await Promise.allSettled(Array.from({ length: 100 }, (_, lane) => unlockOn(lane, 1)));
    const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    assert.equal(results.length - refused.length, 37);
    for (const { reason } of refused) assert.ok(isProtocolError(reason, 'QUOTA_EXHAUSTED'), String(reason));
  });

  it('takes a signed call once, and not under another path or at another node', async () => {
    const { keys, org } = world.organisation('harbour-bank');
    const target = world.organisation('tax-bureau').endpoint;
    const created = Math.floor(Date.now() / 1000);
    const sign = (message: Uint8Array): Uint8Array => nobleEd25519.sign(message, keys.signing);
    const headers = signRequestHeaders({
      method: 'GET',
      url: `${target}/v1/datasets`,
      org,
      keyEpoch: 1,
      created,
      expires: created + 60,
      nonce: 'once-and-only-once-1',
      sign,
    });
    const call = async (url: string): Promise<string> => {
      const response = await fetch(url, { headers });
      return response.ok ? 'ok' : ((await response.json()) as { code: string }).code;
    };
    assert.equal(await call(`${target}/v1/datasets`), 'ok');
    assert.equal(await call(`${target}/v1/datasets`), 'NONCE_REPLAYED');
    assert.equal(await call(`${target}/v1/computations/${computationId}`), 'HTTP_SIGNATURE_INVALID');
    assert.equal(await call(`${world.organisation('audit-office').endpoint}/v1/datasets`), 'HTTP_SIGNATURE_INVALID');
  });

  it('refuses a late call', async () => {
    const { keys, org } = world.organisation('harbour-bank');
    const url = `${world.organisation('tax-bureau').endpoint}/v1/datasets`;
    const created = Math.floor(Date.now() / 1000) - 600;
    const sign = (message: Uint8Array): Uint8Array => nobleEd25519.sign(message, keys.signing);
    const headers = signRequestHeaders({
      method: 'GET',
      url,
      org,
      keyEpoch: 1,
      created,
      expires: created + 60,
      nonce: 'ten-minutes-late-1',
      sign,
    });
    const response = await fetch(url, { headers });
    assert.equal(((await response.json()) as { code: string }).code, 'HTTP_SIGNATURE_EXPIRED');
  });

  it('keeps register, models and computations from organisations that have no business with them', async () => {
    const registrar = peerOf('data-bureau');
    const path = `/v1/registers/${request.document.register.id}`;
    await assert.rejects(
      clientOf('harbour-bank').bytes(registrar, { method: 'GET', path: `${path}/key` }),
      refusedWith('ROLE_MISSING'),
    );
    await assert.rejects(
      clientOf('harbour-bank').bytes(registrar, { method: 'GET', path: `${path}/tags` }),
      refusedWith('ROLE_MISSING'),
    );
    await assert.rejects(
      clientOf('tax-bureau').bytes(registrar, { method: 'GET', path: `${path}/subjects` }),
      refusedWith('ROLE_MISSING'),
    );
    const chunk = { method: 'GET', path: `/v1/computations/${computationId}/chunks/0` } as const;
    await assert.rejects(clientOf('social-security').bytes(peerOf('tax-bureau'), chunk), refusedWith('ROLE_MISSING'));
  });

  it('refuses a sealed model that is truncated, oversized or another one than was approved', async () => {
    const path = `/v1/requests/${request.requestId}/model`;
    const put = (body: Uint8Array) =>
      clientOf('harbour-bank').json(peerOf('tax-bureau'), {
        method: 'PUT',
        path,
        body,
        contentType: 'application/octet-stream',
      });
    const features = featureIndexes(request.document, 'tax-bureau').length;
    const manifest = canonicalBytes({
      suite: request.document.suite,
      version: 1,
      ring: 'another',
      publicKey: '00'.repeat(32),
      weights: [],
    });
    const records = new Uint8Array(PUBLIC_KEY_RECORD_BYTES + features * WEIGHT_RECORD_BYTES);
    await assert.rejects(put(new Uint8Array(3)), refusedWith('MODEL_UPLOAD_SIZE'));
    await assert.rejects(
      put(concat(uint32be(manifest.length), manifest, records.subarray(1))),
      refusedWith('MODEL_UPLOAD_SIZE'),
    );
    await assert.rejects(put(concat(uint32be(manifest.length), manifest, records)), refusedWith('SCHEMA_MISMATCH'));
    const wellFormed = canonicalBytes({
      suite: request.document.suite,
      version: 1,
      ring: RING_TAG,
      publicKey: '00'.repeat(32),
      weights: Array.from({ length: featureCount(request.document) }, () => '00'.repeat(32)),
      sheets: request.document.features.map(({ sheet }) => sheet),
      scaleBits: request.document.scaleBits,
    });
    await assert.rejects(
      put(concat(uint32be(wellFormed.length), wellFormed, records)),
      refusedWith('MODEL_DIGEST_MISMATCH'),
    );
  });

  it('refuses a changed request document, an attempt that the contract did not give out, and foreign announcements', async () => {
    const bank = clientOf('harbour-bank');
    const post = (org: string, path: string, value: unknown) =>
      bank.json(peerOf(org), { method: 'POST', path, body: canonicalBytes(value) });
    await assert.rejects(
      post('tax-bureau', '/v1/requests', { document: { ...request.document, quota: 62 }, sheet: null }),
      refusedWith('REQUEST_UNKNOWN'),
    );
    await assert.rejects(
      post('tax-bureau', '/v1/computations', { requestId: request.requestId, attempt: 2 }),
      refusedWith('COMPUTATION_ATTEMPT'),
    );
    await assert.rejects(
      post('tax-bureau', `/v1/computations/${computationId}/start`, { announcements: [{}] }),
      refusedWith('ANNOUNCEMENTS_INCOMPLETE'),
    );
    await assert.rejects(
      post('tax-bureau', `/v1/computations/${'ab'.repeat(32)}/start`, { announcements: [{}] }),
      refusedWith('COMPUTATION_UNKNOWN'),
    );
    const polluted = utf8('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    await assert.rejects(
      bank.json(peerOf('tax-bureau'), { method: 'POST', path: '/v1/requests', body: polluted }),
      refusedWith('SCHEMA_MISMATCH'),
    );
  });

  it('is rejected for a purpose that no policy allows, and no gate gives it a key', async () => {
    const { requestId } = await world.ask(10, 'marketing');
    await assert.rejects(world.bank.awaitDecision(requestId, 90_000), refusedWith('REQUEST_REJECTED'));
    const onChain = await world.bank.ledger.request(requestId);
    assert.deepEqual(
      onChain?.gates.map(({ poprfPublicKey }) => poprfPublicKey),
      [null, null],
    );
    await assert.rejects(world.bank.compute(requestId), refusedWith('CHAIN_REFUSED'));
  });

  it('stops unlocking and computing at once when an owner revokes', async () => {
    const second = await world.ask(10);
    await world.bank.awaitDecision(second.requestId, 90_000);
    await world.bank.compute(second.requestId);
    await world.bank.unlock(second.requestId, world.subjects.slice(0, 1));
    const { createLedgerClient } = await import('@sealedger/protocol/ledger/client.ts');
    const { createJsonRpc } = await import('@sealedger/protocol/ledger/json-rpc.ts');
    const owner = createLedgerClient({
      rpc: createJsonRpc(world.chain.rpcUrl, fetch),
      deployment: world.deployment,
      clock: systemClock,
      account: { privateKeyHex: toHex(world.organisation('tax-bureau').keys.account) },
    });
    await owner.revokeRequest(second.requestId, '11'.repeat(32));
    // the bound of docs/in-use.md: two seconds from the block
    await systemClock.sleep(2000);
    await assert.rejects(
      world.bank.unlock(second.requestId, world.subjects.slice(1, 2)),
      refusedWith('REQUEST_NOT_ACTIVE'),
    );
    await assert.rejects(world.bank.compute(second.requestId), refusedWith('CHAIN_REFUSED'));
  });

  it('keeps identifiers, keys, passphrases, scores and words out of logs, answers, proofs and off the chain', async () => {
    const { organisations, directory } = world;
    const passphrases = organisations.map(({ passphraseFile }) => readFile(passphraseFile, 'utf8'));
    const texts = [...world.subjects, ...scores, ...Object.values(WORDS), ...(await Promise.all(passphrases))];
    const planted = [
      ...texts.map((text) => Buffer.from(text.trim())),
      ...organisations.flatMap(({ keys: { stored } }) =>
        [...Object.values(stored.current), stored.seed].map((key) => Buffer.from(key, 'hex')),
      ),
    ];
    assert.ok(scores.length === 1 && planted.every(({ length }) => length >= 7), 'something to look for');
    const logs = join(directory, 'logs');
    const files = [
      ...(await readdir(logs)).map((name) => join(logs, name)),
      join(directory, 'chain', 'journal.ndjson'),
    ];
    const shown = await Promise.all(files.map((file) => readFile(file, 'latin1')));
    assert.ok(shown.some((text) => text.includes('ready')) && shown.at(-1)!.length > 100_000);
    const proofs = await world.bank.evidence(request.requestId);
    shown.push(...proofs.map(({ bundle }) => Buffer.from(JSON.stringify(bundle)).toString('latin1')));
    assert.ok(answers.length > 100, 'answers were heard');
    shown.push(...answers.map((bytes) => bytes.toString('latin1')));
    for (const secret of planted) {
      for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const) {
        const form = secret.toString(encoding);
        assert.ok(!shown.some((text) => text.includes(form)), `${form.slice(0, 6)}… shows`);
      }
    }
  });
});
