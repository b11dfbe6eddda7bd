/** Certificates of models, states of consent logs, and beacons. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type ActorName, createWorld, refused, suspend, type World, word } from './world.ts';

const zero = `0x${'0'.repeat(64)}`;
const model = word('model');
const secret = `0x${'5a'.repeat(32)}`;
const sha256 = (...words: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const one of words) hash.update(Buffer.from(one.slice(2), 'hex'));
  return `0x${hash.digest('hex')}`;
};
const commitment = sha256(secret);

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const call = (actor: ActorName, name: string, ...args: readonly unknown[]) =>
  world.send(actor, 'attestations', name, args);
const one = async (name: string, ...args: readonly unknown[]) => (await world.view('attestations', name, args))[0];
const certify = (actor: ActorName = 'watchdog', changes: readonly unknown[] = [model, word('bank-a'), word('paper')]) =>
  call(actor, 'certifyModel', ...changes);

describe('certificates of models', () => {
  test('are given by a regulator, once for a model, and taken back for good', () =>
    world.undone(async () => {
      const [certified] = await certify();
      assert.ok(certified?.name === 'ModelCertified');
      assert.deepEqual([certified.args.certifier, certified.args.requester], ['watchdog', 'bank-a']);
      await refused(certify(), 'AttestationsAlreadyCertified', 'modelDigest=model, certifier=watchdog');
      await refused(certify('watchdog', [model, word('bank-b'), word('paper')]), 'AttestationsAlreadyCertified');
      const [withdrawn] = await call('watchdog', 'withdrawCertificate', model);
      assert.equal(withdrawn?.name, 'CertificateWithdrawn');
      const certificate = (await one('certificateOf', model, word('watchdog'))) as unknown as { withdrawn: boolean };
      assert.equal(certificate.withdrawn, true);
      await refused(call('watchdog', 'withdrawCertificate', model), 'AttestationsNotCertified');
      await refused(certify(), 'AttestationsAlreadyCertified');
    }));

  for (const actor of ['bank-a', 'tax', 'bureau', 'meter'] as const) {
    test(`${actor}, which is no regulator, certifies nothing`, () =>
      refused(certify(actor), 'AttestationsRoleMissing', `org=${actor}, role=16`));
  }

  test('a suspended regulator certifies nothing, and another cannot take its certificate back', () =>
    world.undone(async () => {
      await certify();
      await refused(call('bank-a', 'withdrawCertificate', model), 'AttestationsNotCertified');
      await refused(call('stranger', 'withdrawCertificate', model), 'ConsortiumUnknownAccount');
      await suspend(world, 'watchdog');
      await refused(certify('watchdog', [word('other'), word('bank-a'), word('paper')]), 'ConsortiumNotActive');
      await refused(call('watchdog', 'withdrawCertificate', model), 'ConsortiumNotActive');
    }));

  test('are for an active bank, and never for an own model', () =>
    world.undone(async () => {
      await refused(certify('watchdog', [model, word('tax'), word('paper')]), 'AttestationsNotRequester', 'org=tax');
      await refused(certify('watchdog', [model, word('nobody'), word('paper')]), 'AttestationsNotRequester');
      await refused(certify('watchdog', [model, word('watchdog'), word('paper')]), 'AttestationsOwnModel');
      await refused(certify('watchdog', [zero, word('bank-a'), word('paper')]), 'AttestationsZeroDigest');
      await refused(certify('watchdog', [model, word('bank-a'), zero]), 'AttestationsZeroDigest');
      await suspend(world, 'bank-a');
      await refused(certify(), 'AttestationsNotRequester', 'org=bank-a');
    }));
});

describe('states of consent logs', () => {
  const commit = (actor: ActorName, size: number | bigint, root = word('root')) =>
    call(actor, 'commitConsent', size, root);

  test('grow, and keep the root of each size', () =>
    world.undone(async () => {
      const [committed] = await commit('bank-a', 3, word('three'));
      assert.ok(committed?.name === 'ConsentCommitted');
      assert.deepEqual([committed.args.holder, committed.args.size], ['bank-a', 3]);
      await commit('bank-a', 8, word('eight'));
      await refused(commit('bank-a', 8), 'AttestationsSizeNotGrowing', 'holder=bank-a, latest=8, given=8');
      await refused(commit('bank-a', 7), 'AttestationsSizeNotGrowing', 'holder=bank-a, latest=8, given=7');
      await refused(commit('bank-a', 0), 'AttestationsSizeNotGrowing');
      assert.equal(await one('consentRootAt', word('bank-a'), 3), word('three'));
      assert.equal(await one('consentRootAt', word('bank-a'), 8), word('eight'));
      assert.equal(await one('consentRootAt', word('bank-a'), 5), zero);
      await commit('bank-b', 1);
      const log = (await one('consentOf', word('bank-a'))) as unknown as { size: bigint; root: string };
      assert.deepEqual([log.size, log.root], [8n, word('eight')], 'each holder has its own');
    }));

  test('are refused of strangers, of suspended members, without a root and past what readers hold', () =>
    world.undone(async () => {
      await refused(commit('stranger', 1), 'ConsortiumUnknownAccount');
      await refused(commit('bank-a', 1, zero), 'AttestationsZeroDigest');
      await refused(commit('bank-a', 2n ** 53n), 'AttestationsSizeTooLarge');
      await suspend(world, 'bank-b');
      await refused(commit('bank-b', 1), 'ConsortiumNotActive');
    }));
});

describe('beacons', () => {
  const mine = async (blocks: number) => {
    await world.rpc.request('hardhat_mine', [`0x${blocks.toString(16)}`]);
  };
  const begin = async () => {
    const [committed] = await call('watchdog', 'commitBeacon', commitment);
    assert.ok(committed?.name === 'BeaconCommitted');
    return committed;
  };
  const hashOf = async (block: number) => {
    const found = await world.rpc.request('eth_getBlockByNumber', [`0x${block.toString(16)}`, false]);
    return (found as { hash: string }).hash;
  };

  test('come of the secret and of the block after its commitment', () =>
    world.undone(async () => {
      const { args, blockNumber } = await begin();
      await mine(1);
      const [revealed] = await call('watchdog', 'revealBeacon', args.id, secret);
      assert.ok(revealed?.name === 'BeaconRevealed');
      assert.equal(`0x${revealed.args.beacon}`, sha256(secret, await hashOf(blockNumber + 1)));
      const beacon = (await one('beaconOf', args.id)) as unknown as { value: string };
      assert.equal(beacon.value, `0x${revealed.args.beacon}`);
      await refused(call('watchdog', 'revealBeacon', args.id, secret), 'AttestationsBeaconRevealed');
    }));

  test('are refused with another secret', () =>
    world.undone(async () => {
      const { args } = await begin();
      await mine(1);
      await refused(call('watchdog', 'revealBeacon', args.id, zero), 'AttestationsWrongSecret', `id=${args.id}`);
      await refused(call('watchdog', 'revealBeacon', args.id, commitment), 'AttestationsWrongSecret');
      await refused(call('watchdog', 'revealBeacon', args.id + 1, secret), 'AttestationsUnknownBeacon');
    }));

  test('are refused before that block exists', () =>
    world.undone(async () => {
      const { args, blockNumber } = await begin();
      const earliest = `id=${args.id}, earliestBlock=${blockNumber + 2}`;
      await refused(call('watchdog', 'revealBeacon', args.id, secret), 'AttestationsBeaconTooEarly', earliest);
    }));

  test('are refused when the chain has forgotten that block', () =>
    world.undone(async () => {
      const { args, blockNumber } = await begin();
      await mine(255);
      await world.undone(async () => {
        const [revealed] = await call('watchdog', 'revealBeacon', args.id, secret);
        assert.ok(revealed?.name === 'BeaconRevealed');
        assert.equal(
          `0x${revealed.args.beacon}`,
          sha256(secret, await hashOf(blockNumber + 1)),
          'never of a zero hash',
        );
      });
      await mine(2);
      const latest = `id=${args.id}, latestBlock=${blockNumber + 257}`;
      await refused(call('watchdog', 'revealBeacon', args.id, secret), 'AttestationsBeaconTooLate', latest);
    }));

  test('are a regulator’s, its own, and of a secret that was never used', () =>
    world.undone(async () => {
      await refused(call('bank-a', 'commitBeacon', commitment), 'AttestationsRoleMissing', 'org=bank-a, role=16');
      await refused(call('watchdog', 'commitBeacon', zero), 'AttestationsZeroDigest');
      const { args } = await begin();
      await refused(call('watchdog', 'commitBeacon', commitment), 'AttestationsCommitmentUsed');
      await mine(1);
      await refused(call('tax', 'revealBeacon', args.id, secret), 'AttestationsRoleMissing');
      const proposal = await world.send('tax', 'consortium', 'proposeRoles', [word('court'), 16]);
      assert.ok(proposal[0]?.name === 'ProposalMade');
      const { proposalId } = proposal[0].args;
      for (const voter of ['court', 'bureau', 'meter'] as const) {
        await world.send(voter, 'consortium', 'vote', [proposalId, true]);
      }
      await refused(
        call('court', 'revealBeacon', args.id, secret),
        'AttestationsNotBeaconOwner',
        `id=${args.id}, org=court`,
      );
    }));
});
