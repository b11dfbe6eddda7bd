/**
 * Certificates among real processes: nodes that refuse without one, a node that does not ask, the regulator's commands,
 * and a certificate that is taken back.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import { runCertificateCommand } from '@sealedger/sdk/cli/certificate-command.ts';
import { runCertifyCommand } from '@sealedger/sdk/cli/certify-command.ts';
import { sealedFileStore } from '@sealedger/sdk/cli/file-store.ts';
import { peerOf } from '@sealedger/sdk/peer-of.ts';
import type { BankRequest } from '@sealedger/sdk/stored-request.ts';
import { writeRegulatorProfile } from '../../demo/profiles.ts';
import { systemClock } from '../../deploy/clock.ts';
import { SMALL, startConsortium, type TestConsortium } from '../journey/support/consortium.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The one whose owner waives what the others ask for. */
const CARELESS = 'tax-bureau';
/** A node acts on what the chain said up to half a second ago (node/chain/ledger.ts), and a stop takes two at most. */
const STOP_MS = 2000;

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function sealedger(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const command = [join(root, 'sdk/cli/sealedger.ts'), ...args, '--lang', 'en'];
    execFile(process.execPath, command, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A command in this process, which is faster. */
async function inProcess(run: typeof runCertifyCommand, ...args: readonly string[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const code = await run(args, {
    stdout: (text) => void (said.stdout += text),
    stderr: (text) => void (said.stderr += text),
    readFile: (path) => readFile(path, 'utf8'),
    locale: 'en',
  });
  return { code, ...said };
}

const certify = (...args: readonly string[]): Promise<Ended> => inProcess(runCertifyCommand, ...args);

describe('model certificates in a consortium of processes', { timeout: 600_000 }, () => {
  let world: TestConsortium;
  let profile: string;
  let bankProfile: string;
  let peers: PeerClient;
  let request: BankRequest;
  before(async () => {
    const careless = simplePolicy({
      requesters: ['harbour-bank'],
      purposes: ['credit-underwriting'],
      maxQuota: 1000,
      maxTermDays: 30,
      certificate: 'waived',
    });
    world = await startConsortium(
      SMALL,
      undefined,
      { certificate: 'needed' },
      {
        settings: (org) => (org === CARELESS ? { policies: [careless] } : {}),
        bankStore: ({ directory, keys }) => sealedFileStore(join(directory, 'store'), fromHex(keys.stored.seed, 32)),
      },
    );
    bankProfile = await writeBankProfile(world);
    profile = await writeRegulatorProfile(world.directory, world.organisation('regulator'), world.chain);
    peers = peersOf(world);
    request = await world.ask(40, 'credit-underwriting', { certifier: 'regulator' });
    await world.bank.awaitDecision(request.requestId, 60_000);
  });
  after(() => world.end());

  const announceTo = async (org: string): Promise<string> => {
    const { attempt } = (await world.bank.ledger.request(request.requestId))!;
    const peer = peerOf((await world.bank.ledger.organisation(org))!);
    const body = canonicalBytes({ requestId: request.requestId, attempt });
    try {
      await peers.json(peer, { method: 'POST', path: '/v1/computations', body });
      return 'announced';
    } catch (error) {
      assert.ok(isProtocolError(error), String(error));
      return error.code;
    }
  };
  const submit = async (name: string, of: BankRequest): Promise<string> => {
    const file = join(world.directory, name);
    const start = of.requestId.slice(0, 12);
    const ended = await inProcess(runCertificateCommand, 'submit', start, '--out', file, '--profile', bankProfile);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    assert.match(ended.stdout, /sealed to regulator/);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    return file;
  };

  it('no department that asks and no gate begins without one; a node that does not ask is alone', async () => {
    await assert.rejects(world.bank.compute(request.requestId), (error) =>
      isProtocolError(error, 'CERTIFICATE_MISSING'),
    );
    const { participants } = (await world.bank.ledger.request(request.requestId))!;
    const answers = await Promise.all(participants.map(announceTo));
    assert.deepEqual(
      Object.fromEntries(participants.map((org, i) => [org, answers[i]])),
      Object.fromEntries(participants.map((org) => [org, org === CARELESS ? 'announced' : 'CERTIFICATE_MISSING'])),
    );
    await assert.rejects(world.bank.unlock(request.requestId, world.subjects.slice(0, 1)));
  });

  it('the regulator’s command certifies what the bank wrote for it, and nobody else’s file does anything', async () => {
    const file = await submit('model.submission', request);
    const garbage = join(world.directory, 'garbage');
    await writeFile(garbage, randomBytes(4096));
    const changed = join(world.directory, 'changed');
    const bytes = await readFile(file);
    bytes[bytes.length - 9]! ^= 1;
    await writeFile(changed, bytes);
    for (const [path, code, text] of [
      [garbage, 1, 'CERTIFICATE_SUBMISSION'],
      [changed, 1, 'CERTIFICATE_SUBMISSION'],
      [join(world.directory, 'nowhere'), 2, 'CERTIFY_FILE_UNREADABLE'],
    ] as const) {
      const ended = await certify(path, '--profile', profile);
      assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr);
      assert.match(ended.stderr, new RegExp(text));
    }
    const out = join(world.directory, 'certificate.json');
    const ended = await sealedger('certify', file, '--profile', profile, '--out', out, '--json');
    assert.equal(ended.code, 0, ended.stderr);
    const [model] = JSON.parse(ended.stdout).models;
    assert.deepEqual([model.state, model.modelDigest], ['certified', request.document.modelDigest]);
    assert.equal(JSON.parse(await readFile(out, 'utf8')).body.modelDigest, request.document.modelDigest);
    const hash = await world.bank.awaitCertificate(request.requestId, 5000);
    assert.equal(hash, model.certificateHash);
    const again = await certify(file, '--profile', profile, '--json');
    assert.deepEqual(JSON.parse(again.stdout), JSON.parse(ended.stdout));
    const listed = await certify('list', '--profile', profile);
    assert.match(listed.stdout, /certified, the certificate stands on chain\.\n.*effective features/);
  });

  it('keeps the models sealed and readable for its owner only', async () => {
    const directory = join(world.organisation('regulator').directory, 'certificates');
    const kept = join(directory, 'certified', 'models%2Fharbour-bank', 'value');
    const alternatives = [kept, join(directory, 'certified', 'models', 'harbour-bank', 'value')];
    const found = await Promise.any(alternatives.map(async (path) => [path, await readFile(path)] as const));
    assert.equal((await stat(found[0])).mode & 0o777, 0o600);
    for (const name of ['taxed_income', 'months_paid', 'swing', 'harbour-bank']) {
      assert.equal(found[1].includes(name), false, name);
    }
  });

  it('two commands at once do not examine side by side; a lock that a dead process left is taken over', async () => {
    const lock = join(world.organisation('regulator').directory, 'certificates', 'lock');
    await writeFile(lock, `${process.pid} of-a-living-process`);
    const busy = await certify('list', '--profile', profile);
    assert.deepEqual([busy.code, busy.stderr.split(':')[0]], [2, 'CERTIFIER_BUSY']);
    await writeFile(lock, '999999999 of-a-dead-one');
    assert.equal((await certify('list', '--profile', profile)).code, 0);
  });

  it('with it the score is computed and unlocked', async () => {
    await world.bank.compute(request.requestId);
    const opened = await world.bank.unlock(request.requestId, world.subjects.slice(0, 4));
    assert.equal(opened.size, 4);
  });

  it('a second request for the very same model under other terms needs no second look at other weights', async () => {
    const second = await world.ask(40, 'credit-underwriting', { certifier: 'regulator' });
    assert.notEqual(second.document.modelDigest, request.document.modelDigest, 'it was sealed anew');
    const ended = await certify(await submit('second', second), '--profile', profile, '--json');
    assert.equal(ended.code, 0, ended.stderr);
    const [{ certificate }] = JSON.parse(ended.stdout).models;
    assert.deepEqual(certificate.body.comparedWith, [request.document.modelDigest]);
  });

  it('floors that the profile or a file sets are kept to, and a refused model leaves nothing on chain', async () => {
    const floors = join(world.directory, 'floors.json');
    await writeFile(
      floors,
      JSON.stringify({ minEffectiveFeatures: 12, maxFeatureLeverage: 9000, maxPartyLeverage: 9900 }),
    );
    const third = await world.ask(40, 'credit-underwriting', { certifier: 'regulator' });
    const file = await submit('third', third);
    const ended = await certify(file, '--profile', profile, '--floors', floors);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /CERTIFICATE_EXPOSURE.*effective-features/);
    assert.equal(await world.bank.ledger.certificateOf(third.document.modelDigest, 'regulator'), null);
    await writeFile(floors, JSON.stringify({ minEffectiveFeatures: 0 }));
    assert.equal((await certify(file, '--profile', profile, '--floors', floors)).code, 2);
  });

  it('taken back by command, it ends computing and unlocking within two seconds', async () => {
    const digest = request.document.modelDigest.slice(0, 12);
    const unknown = await certify('withdraw', 'ffffffffffff', '--profile', profile);
    assert.deepEqual([unknown.code, unknown.stderr.split(':')[0]], [1, 'CERTIFICATE_UNKNOWN']);
    const ended = await sealedger('certify', 'withdraw', digest, '--profile', profile);
    assert.equal(ended.code, 0, ended.stderr);
    const gone = performance.now();
    const refusals = new Set<string>();
    while (refusals.size < 2 && performance.now() - gone < STOP_MS) {
      for (const work of [
        () => world.bank.unlock(request.requestId, world.subjects.slice(5, 6)),
        () => world.bank.compute(request.requestId),
      ]) {
        const error = await work().then(
          () => null,
          (reason: unknown) => reason,
        );
        if (isProtocolError(error, 'CERTIFICATE_WITHDRAWN')) refusals.add(String(work));
      }
    }
    assert.equal(refusals.size, 2);
    const opened = await world.bank.unlock(request.requestId, world.subjects.slice(0, 4));
    assert.equal(opened.size, 4, 'what was read before stays read');
  });

  it('the bank’s command writes nothing for a request that names no certifier, or that it does not know', async () => {
    const bare = await world.ask(5);
    const out = join(world.directory, 'nothing');
    for (const [name, code, text] of [
      [bare.requestId, 1, 'CERTIFICATE_NO_CERTIFIER'],
      ['ffffffffffff', 1, 'REQUEST_UNKNOWN'],
    ] as const) {
      const ended = await inProcess(runCertificateCommand, 'submit', name, '--out', out, '--profile', bankProfile);
      assert.deepEqual([ended.code, ended.stderr.split(':')[0]], [code, text]);
    }
    const other = ['--certifier', CARELESS];
    const ended = await inProcess(
      runCertificateCommand,
      ...['submit', bare.requestId, '--out', out, '--profile', bankProfile, ...other],
    );
    assert.equal(ended.stderr.split(':')[0], 'CERTIFIER_NOT_REGULATOR');
    await assert.rejects(stat(out), /ENOENT/);
  });

  it('wrong calls and wrong keys end with 2 and say how it goes', async () => {
    for (const args of [[], ['list', 'x'], ['withdraw'], ['list', '--what']]) {
      const ended = await certify(...args, '--profile', profile);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /usage: sealedger certify/);
    }
    const wrong = join(world.directory, 'wrong-passphrase');
    await writeFile(wrong, `${createHash('sha256').update('x').digest('hex')}\n`, { mode: 0o600 });
    const ended = await certify('list', '--profile', profile, '--passphrase-file', wrong);
    assert.deepEqual([ended.code, ended.stderr.split(':')[0]], [2, 'KEYSTORE_PASSPHRASE']);
    assert.equal((await certify('--help')).code, 0);
  });
});

async function writeBankProfile({ organisation, files, chain, directory }: TestConsortium): Promise<string> {
  const { org, directory: own, keystoreFile, passphraseFile } = organisation(files.scenario.bank.node);
  const places = {
    keystore: keystoreFile,
    passphraseFile,
    deployment: chain.deploymentFile,
    store: join(own, 'store'),
  };
  const path = join(directory, 'bank.json');
  await writeFile(path, JSON.stringify({ suite: SUITE, version: 1, org, rpc: chain.rpcUrl, ...places }));
  return path;
}

/** Calls as the bank, past its SDK. */
function peersOf({ organisation, files }: TestConsortium): PeerClient {
  const { org, keys } = organisation(files.scenario.bank.node);
  const sign = (message: Uint8Array): Uint8Array => nativeEd25519.sign(message, keys.signing);
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  const identity = { org, keyEpoch: 1, sign };
  return createPeerClient(identity, { fetch, clock: systemClock, randomBytes: random, ed25519: nativeEd25519 });
}
