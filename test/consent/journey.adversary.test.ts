/** Consent with real nodes and a real chain: a bank that goes round its SDK is found by a sample, and its grant is suspended. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { signEnvelope } from '@sealedger/protocol/envelope.ts';
import { trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { Archive } from '@sealedger/sdk/audit/archive.ts';
import { DEFAULT_BOUNDS } from '@sealedger/sdk/audit/ports.ts';
import { sealedFileStore } from '@sealedger/sdk/cli/file-store.ts';
import { beginConsentAudit, type ConsentAuditParts, finishConsentAudit } from '@sealedger/sdk/consent-audit.ts';
import { createKeptQueries } from '@sealedger/sdk/consent-queries.ts';
import type { ConsentReport } from '@sealedger/sdk/consent-report.ts';
import { peerOf, signingKeyOn } from '@sealedger/sdk/peer-of.ts';
import { unlockAtGate } from '@sealedger/sdk/unlocker.ts';
import { createVault } from '@sealedger/sdk/vault.ts';
import { writeRegulatorProfile } from '../../demo/profiles.ts';
import { systemClock } from '../../deploy/clock.ts';
import { memoryStore, startConsortium, type TestConsortium } from '../journey/support/consortium.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';

const BANK = 'harbour-bank';
const cli = fileURLToPath(new URL('../../sdk/cli/sealedger.ts', import.meta.url));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

describe('consent in a consortium', { timeout: 600_000 }, () => {
  let world: TestConsortium;
  let parts: ConsentAuditParts;
  let requestId: string;
  let computationId: string;
  let profiles: Profiles;
  const heard: string[] = [];

  before(async () => {
    const size = { people: 60, applicants: 20, strangers: 2 };
    world = await startConsortium(
      size,
      undefined,
      { certificate: 'waived', consent: 'needed' },
      {
        bankStore: ({ directory, keys }) => sealedFileStore(join(directory, 'store'), keys.seed),
      },
    );
    parts = await auditParts(world);
    profiles = await writeProfiles(world);
  });
  after(() => world.end());

  it('is asked for: nothing is unlocked before a root is on chain, nor for a subject without a receipt', async () => {
    const request = await world.ask(100, 'credit-underwriting', { consent: { holder: BANK } });
    requestId = request.requestId;
    await world.bank.awaitDecision(requestId, 60_000);
    ({ computationId } = await world.bank.compute(requestId));
    const [first, ...others] = world.subjects;
    await assert.rejects(world.bank.unlock(requestId, [first!]), refusal('CONSENT_ROOT_MISSING'));
    // the gate refuses too, whatever the bank's SDK does
    await assert.rejects(unlockPast(first!, 900), refusal('CONSENT_ROOT_MISSING'));
    const rows = world.subjects
      .slice(0, 10)
      .map((subject) => `${subject},${BANK},credit-underwriting,,2026-01-01,2099-01-01`);
    const table = join(world.directory, 'consents.csv');
    await writeFile(table, `${['subject,requester,purpose,scope,issued_at,expires_at', ...rows].join('\n')}\n`);
    assert.equal((await consent('bank', 'import', table)).document['added'], 10);
    await assert.rejects(world.bank.unlock(requestId, [first!]), refusal('CONSENT_ROOT_MISSING'));
    assert.equal((await consent('bank', 'commit')).code, 0);
    const { document } = await consent('bank', 'show');
    assert.deepEqual([document['size'], document['receipts'], document['committed']], [10, 10, 10]);
    await assert.rejects(
      world.bank.unlock(requestId, [first!, others.at(-1)!]),
      refusal('CONSENT_RECEIPT_MISSING', { without: 1, place: 2 }),
    );
    assert.equal((await world.bank.unlock(requestId, world.subjects.slice(0, 8))).size, 8);
  });

  it('holds: everything that is sampled has a receipt, and the grant goes on', async () => {
    const [challenge, opening] = [join(world.directory, 'challenge.json'), join(world.directory, 'opening.json')];
    const begun = await consent('regulator', 'audit', requestId.slice(0, 12), '--sample', '50', '--out', challenge);
    assert.deepEqual([begun.code, begun.document['sampled']], [0, 16]);
    const pending = await consent('regulator', 'check', challenge);
    assert.equal(pending.code, 2);
    assert.match(pending.stderr, /CONSENT_AUDIT_PENDING/);
    const opened = await consent('bank', 'open', challenge, '--out', opening);
    assert.deepEqual([opened.code, opened.document['opened']], [0, 16]);
    const checked = await consent(
      'regulator',
      'check',
      challenge,
      opening,
      '--out',
      join(world.directory, 'report.json'),
    );
    const report = checked.document as unknown as ConsentReport;
    assert.equal(report.outcome, 'passed', JSON.stringify(report));
    assert.deepEqual(
      report.gates.map(({ total, sampled, detection }) => [total, sampled, detection.probability]),
      report.gates.map(() => [8, 8, 1]),
    );
    assert.deepEqual([checked.code, report.suspended], [0, false]);
    // no identifier in what was printed, in what travels, or in the regulator's files
    const { directory } = world.organisation('regulator');
    const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('value'));
    const kept = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
    const travelled = await Promise.all([challenge, opening].map((file) => readFile(file, 'utf8')));
    assertFree([...heard, ...kept, ...travelled].join('\n'), world.subjects);
    const sealed: unknown = JSON.parse(travelled[1]!);
    // an opening of another challenge is none
    const second = await beginConsentAudit(parts, requestId, { sampleSize: 3, openWithinSeconds: 600 });
    await assert.rejects(finishConsentAudit(parts, second.challenge, sealed), refusal('SEALED_BOX_OPEN_FAILED'));
    const again = await world.bank.consents.open(second.challenge);
    assert.equal((await finishConsentAudit(parts, second.challenge, again.sealed)).report.outcome, 'passed');
    assert.equal((await world.bank.unlock(requestId, world.subjects.slice(8, 9))).size, 1);
  });

  it('tells nobody but regulators’ notices: another member’s, or an old one, is refused', async () => {
    const gate = peerOf((await world.bank.ledger.organisation(world.files.gates[0]!))!);
    const body = { suite: 'x', version: 1, requestId, challenge: '00'.repeat(32), state: 'failed', deadline: 0 };
    const call = (peers: PeerClient, envelope: unknown) =>
      peers.json(gate, { method: 'POST', path: '/v1/consent/notices', body: Buffer.from(JSON.stringify(envelope)) });
    await assert.rejects(call(peersOf(world, BANK), signedAs(world, BANK, body)), refusal('ROLE_MISSING'));
    await assert.rejects(call(parts.peers, signedAs(world, BANK, body)), refusal('ENVELOPE_SIGNER'));
    await assert.rejects(call(parts.peers, signedAs(world, 'regulator', body)), refusal('ENVELOPE_MALFORMED'));
    const early = { ...body, suite: 'sealedger-v1/ed25519-sha256-ristretto255' };
    const old = signedAs(world, 'regulator', early, new Date(Date.now() - 3_600_000));
    await assert.rejects(call(parts.peers, old), refusal('CONSENT_NOTICE_OLD'));
  });

  it('fails where the bank went round its SDK: the grant is suspended, and nothing more is unlocked', async () => {
    await unlockPast(world.subjects.at(-1)!, 901);
    const { challenge } = await beginConsentAudit(parts, requestId, { sampleSize: 50, openWithinSeconds: 600 });
    const { sealed, summary } = await world.bank.consents.open(challenge);
    assert.equal(summary.without, 1);
    const { report } = await finishConsentAudit(parts, challenge, sealed);
    assert.equal(report.outcome, 'failed');
    const found = report.gates.flatMap(({ findings }) => findings);
    assert.deepEqual(
      found.map(({ fault, finding }) => [fault, finding]),
      [['bank', 'no-receipt']],
    );
    assert.equal(report.suspended, true);
    assert.equal((await world.bank.ledger.request(requestId))?.state, 'suspended');
    await assert.rejects(unlockPast(world.subjects[9]!, 902), (error) => {
      const { code } = error as { code: string };
      return ['GRANT_SUSPENDED', 'REQUEST_NOT_ACTIVE', 'CONSENT_AUDIT_FAILED'].includes(code) || assert.fail(code);
    });
  });

  /** The real command, as a process. */
  function consent(who: keyof Profiles, ...args: readonly string[]): Promise<Ended> {
    const argv = [cli, 'consent', ...args, '--profile', profiles[who], '--json', '--lang', 'en'];
    return new Promise((resolve) => {
      execFile(process.execPath, argv, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        heard.push(stdout, stderr);
        const document = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
        resolve({ code: error === null ? 0 : Number(error.code), document, stderr });
      });
    });
  }

  /** One subject at the first gate, past everything that the SDK checks; it is kept, so that it can be opened. */
  async function unlockPast(subject: string, lane: number): Promise<void> {
    const { keys } = world.organisation(BANK);
    const { ledger } = world.bank;
    const gate = world.files.gates[0]!;
    const onChain = (await ledger.request(requestId))!;
    const publicKey = fromHex(onChain.gates.find(({ org }) => org === gate)!.poprfPublicKey!, 32);
    const vault = createVault({
      domain: domains.consentStore,
      org: BANK,
      seed: keys.seed,
      store: world.bankStore,
      randomBytes: random,
    });
    await unlockAtGate(
      {
        ports: { fetch, clock: systemClock, randomBytes: random, store: memoryStore(), ed25519: nativeEd25519 },
        peers: peersOf(world, BANK),
        poprf: await loadPoprf(),
        signer: { org: BANK, keyEpoch: 1, secretKey: keys.signing },
        signingKey: signingKeyOn(ledger, systemClock),
        lanes: new Map(),
        blinders: new Map(),
        keep: createKeptQueries(vault).keep,
      },
      { ...peerOf((await ledger.organisation(gate))!), publicKey },
      { requestId, computationId, lane, subjects: [subject as never] },
    );
  }
});

type Ended = {
  readonly code: number;
  readonly document: Readonly<Record<string, unknown>>;
  readonly stderr: string;
};
type Profiles = { readonly bank: string; readonly regulator: string };

async function writeProfiles(world: TestConsortium): Promise<Profiles> {
  const { directory, deployment, chain } = world;
  await writeFile(join(directory, 'trust.json'), JSON.stringify(trustOfDeployment(deployment)));
  const regulator = await writeRegulatorProfile(directory, world.organisation('regulator'), chain);
  const { keystoreFile, passphraseFile, directory: home } = world.organisation(BANK);
  const bank = join(directory, 'bank.json');
  const place = { keystore: keystoreFile, passphraseFile, deployment: chain.deploymentFile, rpc: chain.rpcUrl };
  await writeFile(bank, JSON.stringify({ suite: SUITE, version: 1, org: BANK, ...place, store: join(home, 'store') }));
  return { bank, regulator };
}

function peersOf(world: TestConsortium, org: string): PeerClient {
  const { keys } = world.organisation(org);
  const sign = (message: Uint8Array): Uint8Array => nativeEd25519.sign(message, keys.signing);
  return createPeerClient({ org, keyEpoch: 1, sign }, { fetch, clock: systemClock, randomBytes: random });
}

function signedAs(world: TestConsortium, org: string, body: unknown, at = new Date()) {
  const { keys } = world.organisation(org);
  const fields = { domain: domains.consentNotice, signer: org, keyEpoch: 1, issuedAt: at.toISOString(), body };
  return signEnvelope(fields, keys.signing);
}

async function auditParts(world: TestConsortium): Promise<ConsentAuditParts> {
  const { deployment, chain } = world;
  const { keys } = world.organisation('regulator');
  const trust = trustOfDeployment(deployment);
  const rpc = createJsonRpc(chain.rpcUrl, fetch);
  const store = memoryStore();
  const ports = { fetch, clock: systemClock, randomBytes: random, store, ed25519: nativeEd25519 };
  return {
    audit: {
      org: 'regulator',
      signing: keys.signing,
      trust,
      rpc,
      archive: await Archive.open(store, trust),
      bounds: DEFAULT_BOUNDS,
      confirmations: 0,
      ports,
    },
    sender: { org: 'regulator', keyEpoch: 1, secretKey: keys.signing, ed25519: nativeEd25519 },
    sealing: [keys.sealing],
    ledger: createLedgerClient({
      rpc,
      deployment,
      clock: systemClock,
      account: { privateKeyHex: toHex(keys.account) },
    }),
    peers: peersOf(world, 'regulator'),
    poprf: await loadPoprf(),
  };
}
