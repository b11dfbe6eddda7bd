import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  accountOf,
  admissionOf,
  createEmptyWorld,
  createWorld,
  keysOf,
  type OrgName,
  privateKeyOf,
  refused,
  roles,
  suspend,
  type World,
  word,
} from './world.ts';

const everyone = Object.keys(roles) as OrgName[];
const consortium = 'consortium' as const;

describe('Consortium during the founding', () => {
  let world: World;
  before(async () => {
    world = await createEmptyWorld();
  });
  after(() => world.close());
  const admit = (admission: readonly unknown[]) => world.send('founder', consortium, 'admit', [admission]);

  test('the founder admits an organisation, which is then found by id and by account', () =>
    world.undone(async () => {
      const [admitted, keys] = await admit(admissionOf('tax', ['department', 'gate']));
      assert.equal(admitted?.name, 'OrganisationAdmitted');
      assert.deepEqual(admitted.args, { org: 'tax', roles: ['department', 'gate'], endpoint: 'http://tax' });
      assert.equal(keys?.name, 'KeysChanged');
      assert.equal(keys.args.keyEpoch, 1);
      assert.equal(`0x${keys.args.account}`, accountOf('tax').toLowerCase());
      assert.equal((await world.view(consortium, 'organisationOf', [accountOf('tax')]))[0], word('tax'));
      assert.deepEqual(Array.from((await world.view(consortium, 'organisationIds', []))[0] as string[]), [word('tax')]);
      assert.equal((await world.view(consortium, 'activeCount', []))[0], 1n);
    }));

  test('nobody else admits or closes', async () => {
    const admission = admissionOf('tax', ['department']);
    const args = `account=${accountOf('stranger')}`;
    await refused(world.send('stranger', consortium, 'admit', [admission]), 'ConsortiumNotFounder', args);
    await refused(world.send('stranger', consortium, 'closeFounding', []), 'ConsortiumNotFounder', args);
  });

  test('refuses an id, roles, keys or endpoint that are not in order', async () => {
    const [id, mask, keys, endpoint] = admissionOf('tax', ['department']);
    const zero = `0x${'0'.repeat(64)}`;
    const [account, signing, sealing] = keys as readonly string[];
    const noAccount = `0x${'0'.repeat(40)}`;
    await refused(admit([zero, mask, keys, endpoint]), 'ConsortiumZeroId');
    await refused(admit([id, 0, keys, endpoint]), 'ConsortiumInvalidRoles', 'roles=0');
    await refused(admit([id, 32, keys, endpoint]), 'ConsortiumInvalidRoles', 'roles=32');
    await refused(admit([id, mask, [noAccount, signing, sealing], endpoint]), 'ConsortiumZeroKey');
    await refused(admit([id, mask, [account, zero, sealing], endpoint]), 'ConsortiumZeroKey');
    await refused(admit([id, mask, [account, signing, zero], endpoint]), 'ConsortiumZeroKey');
    await refused(admit([id, mask, keys, 'x'.repeat(257)]), 'ConsortiumInvalidEndpoint', 'length=257, max=256');
  });

  test('refuses a second organisation under the same id, account or signing key', () =>
    world.undone(async () => {
      await admit(admissionOf('tax', ['department']));
      await refused(admit(admissionOf('tax', ['department'])), 'ConsortiumAlreadyAdmitted', 'org=tax');
      const [account, signing] = keysOf('tax') as readonly string[];
      const fresh = word('fresh');
      await refused(admit([word('court'), 2, [account, fresh, fresh], '']), 'ConsortiumAccountTaken');
      const otherAccount = accountOf('court');
      await refused(admit([word('court'), 2, [otherAccount, signing, fresh], '']), 'ConsortiumSigningKeyTaken');
    }));

  test('is not closed without an organisation, and not open after it was closed', () =>
    world.undone(async () => {
      await refused(world.send('founder', consortium, 'closeFounding', []), 'ConsortiumNoMembers');
      await admit(admissionOf('tax', ['department']));
      await refused(
        world.send('tax', consortium, 'proposeAdmission', [admissionOf('court', ['gate'])]),
        'ConsortiumFoundingOpen',
      );
      const [closed] = await world.send('founder', consortium, 'closeFounding', []);
      assert.equal(closed?.name, 'FoundingClosed');
      await refused(admit(admissionOf('court', ['gate'])), 'ConsortiumNotFounder');
    }));
});

describe('Consortium after the founding', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  const propose = async (actor: OrgName, name: string, args: readonly unknown[]): Promise<number> => {
    const events = await world.send(actor, consortium, name, args);
    const made = events.find((event) => event.name === 'ProposalMade');
    assert.ok(made?.name === 'ProposalMade');
    return made.args.proposalId;
  };
  const vote = (actor: OrgName, proposalId: number, support = true) =>
    world.send(actor, consortium, 'vote', [proposalId, support]);
  const carry = async (proposalId: number) => {
    for (const actor of everyone.slice(1, 3)) await vote(actor, proposalId);
    return vote(everyone[3]!, proposalId);
  };
  const noKey = `0x${'0'.repeat(64)}`;
  const previousOf = async (org: OrgName): Promise<readonly [string, bigint]> => {
    const [entry] = Array.from(await world.view(consortium, 'organisation', [word(org)]));
    const { previousEd25519, previousUntil } = entry as { previousEd25519: string; previousUntil: bigint };
    return [previousEd25519, previousUntil];
  };
  const stateOf = async (proposalId: number): Promise<number> => {
    const [proposal] = Array.from(await world.view(consortium, 'proposalOf', [proposalId]));
    return Number((proposal as { state: bigint }).state);
  };
  const entry = async (org: string) => {
    const [found] = Array.from(await world.view(consortium, 'organisation', [word(org)]));
    return found as unknown as { status: bigint; roles: bigint; keyEpoch: bigint; keySet: readonly string[] };
  };

  test('a majority admits, and one vote less does not', () =>
    world.undone(async () => {
      const proposal = await propose('bank-a', 'proposeAdmission', [admissionOf('newcomer', ['gate'])]);
      await vote('bank-b', proposal);
      const third = await vote('tax', proposal);
      assert.deepEqual(
        third.map(({ name }) => name),
        ['VoteCast'],
      );
      assert.equal(Number((await entry('newcomer')).status), 0);
      const fourth = await vote('court', proposal);
      assert.deepEqual(
        fourth.map(({ name }) => name),
        ['VoteCast', 'OrganisationAdmitted', 'KeysChanged', 'ProposalCarried'],
      );
      assert.equal(Number((await entry('newcomer')).status), 1);
      await world.send('newcomer', consortium, 'setEndpoint', ['http://elsewhere']);
    }));

  test('a majority suspends and reinstates', () =>
    world.undone(async () => {
      await suspend(world, 'meter');
      assert.equal(Number((await entry('meter')).status), 2);
      assert.equal((await world.view(consortium, 'activeCount', []))[0], 6n);
      await refused(world.send('meter', consortium, 'setEndpoint', ['x']), 'ConsortiumNotActive', 'org=meter');
      await refused(world.send('meter', consortium, 'rotateKeys', [keysOf('newcomer'), 0]), 'ConsortiumNotActive');
      await refused(world.send('meter', consortium, 'proposeSuspension', [word('tax')]), 'ConsortiumNotActive');
      await carry(await propose('bank-a', 'proposeReinstatement', [word('meter')]));
      assert.equal(Number((await entry('meter')).status), 1);
    }));

  test('a majority changes roles and replaces lost keys', () =>
    world.undone(async () => {
      const roleEvents = await carry(await propose('bank-a', 'proposeRoles', [word('tax'), 10]));
      assert.ok(roleEvents.some(({ name }) => name === 'RolesChanged'));
      assert.equal(Number((await entry('tax')).roles), 10);
      await carry(await propose('bank-a', 'proposeKeys', [word('tax'), keysOf('newcomer')]));
      assert.equal(Number((await entry('tax')).keyEpoch), 2);
      await refused(world.send('tax', consortium, 'setEndpoint', ['x']), 'ConsortiumUnknownAccount');
      await world.send('newcomer', consortium, 'setEndpoint', ['x']);
    }));

  test('a proposal that no majority can carry any more is rejected', () =>
    world.undone(async () => {
      const proposal = await propose('bank-a', 'proposeSuspension', [word('tax')]);
      for (const actor of ['tax', 'court', 'bureau'] as const) await vote(actor, proposal, false);
      const events = await vote('meter', proposal, false);
      assert.equal(events.at(-1)?.name, 'ProposalRejected');
      assert.equal(await stateOf(proposal), 3);
      await refused(vote('watchdog', proposal), 'ConsortiumProposalClosed', `proposalId=${proposal}, state=3`);
    }));

  test('half of the members against it are enough to reject, since the other half is no majority', () =>
    world.undone(async () => {
      await suspend(world, 'meter');
      const proposal = await propose('bank-a', 'proposeRoles', [word('tax'), 3]);
      for (const actor of ['tax', 'court'] as const) await vote(actor, proposal, false);
      assert.equal((await vote('bureau', proposal, false)).at(-1)?.name, 'ProposalRejected');
    }));

  test('the votes of an organisation that was suspended meanwhile do not count', () =>
    world.undone(async () => {
      const proposal = await propose('meter', 'proposeRoles', [word('tax'), 3]);
      for (const actor of ['bank-a', 'bank-b'] as const) await vote(actor, proposal);
      await suspend(world, 'meter');
      await refused(world.send('stranger', consortium, 'settle', [proposal]), 'ConsortiumUndecided');
      const third = await vote('court', proposal);
      assert.deepEqual(
        third.map(({ name }) => name),
        ['VoteCast'],
        'three of six are no majority',
      );
      const fourth = await vote('bureau', proposal);
      assert.equal(fourth.at(-1)?.name, 'ProposalCarried');
    }));

  test('a proposal that the members who are left already carry can be settled without a vote', () =>
    world.undone(async () => {
      const proposal = await propose('bank-a', 'proposeRoles', [word('tax'), 3]);
      for (const actor of ['bank-b', 'tax'] as const) await vote(actor, proposal);
      await suspend(world, 'meter');
      await suspend(world, 'watchdog');
      const events = await world.send('stranger', consortium, 'settle', [proposal]);
      assert.equal(events.at(-1)?.name, 'ProposalCarried');
    }));

  test('a proposal lapses, and may then be made again', () =>
    world.undone(async () => {
      const proposal = await propose('bank-a', 'proposeSuspension', [word('tax')]);
      await world.pass(30 * 86_400);
      assert.equal(await stateOf(proposal), 4);
      await refused(vote('bank-b', proposal), 'ConsortiumProposalClosed', `proposalId=${proposal}, state=4`);
      const successor = await propose('bank-a', 'proposeSuspension', [word('tax')]);
      const events = await world.send('stranger', consortium, 'settle', [proposal]);
      assert.deepEqual(
        events.map(({ name }) => name),
        ['ProposalLapsed'],
      );
      await refused(
        world.send('bank-b', consortium, 'proposeSuspension', [word('tax')]),
        'ConsortiumProposalOpen',
        `proposalId=${successor}`,
      );
    }));

  test('refuses votes and proposals that are not in order', () =>
    world.undone(async () => {
      const proposal = await propose('bank-a', 'proposeSuspension', [word('tax')]);
      const open = `proposalId=${proposal}`;
      await refused(vote('bank-a', proposal), 'ConsortiumAlreadyVoted', `${open}, org=bank-a`);
      await refused(vote('bank-a', proposal, false), 'ConsortiumAlreadyVoted');
      await refused(vote('bank-b', 999), 'ConsortiumUnknownProposal', 'proposalId=999');
      await refused(world.send('stranger', consortium, 'vote', [proposal, true]), 'ConsortiumUnknownAccount');
      await refused(world.send('stranger', consortium, 'settle', [999]), 'ConsortiumUnknownProposal');
      await refused(
        world.send('bank-b', consortium, 'proposeSuspension', [word('tax')]),
        'ConsortiumProposalOpen',
        open,
      );
      for (const [name, args] of [
        ['proposeSuspension', [word('nobody')]],
        ['proposeReinstatement', [word('nobody')]],
        ['proposeRoles', [word('nobody'), 1]],
        ['proposeKeys', [word('nobody'), keysOf('newcomer')]],
      ] as const) {
        await refused(world.send('bank-a', consortium, name, args), 'ConsortiumUnknownOrganisation', 'org=nobody');
      }
      await refused(
        world.send('stranger', consortium, 'proposeSuspension', [word('tax')]),
        'ConsortiumUnknownAccount',
        `account=${accountOf('stranger')}`,
      );
    }));

  test('a proposal that cannot be carried out refuses the deciding vote', () =>
    world.undone(async () => {
      const reinstate = await propose('bank-a', 'proposeReinstatement', [word('tax')]);
      for (const actor of ['bank-b', 'tax'] as const) await vote(actor, reinstate);
      await refused(vote('court', reinstate), 'ConsortiumNotSuspended', 'org=tax');
      await suspend(world, 'tax');
      const again = await propose('bank-a', 'proposeSuspension', [word('tax')]);
      for (const actor of ['bank-b', 'court'] as const) await vote(actor, again);
      await refused(vote('bureau', again), 'ConsortiumNotActive', 'org=tax');
    }));

  test('an organisation rotates its own keys, and its old account is nobody from then on', () =>
    world.undone(async () => {
      const events = await world.send('tax', consortium, 'rotateKeys', [keysOf('newcomer'), 0]);
      assert.deepEqual(
        events.map((event) => event.name === 'KeysChanged' && event.args.keyEpoch),
        [2],
      );
      await refused(world.send('tax', consortium, 'setEndpoint', ['x']), 'ConsortiumUnknownAccount');
      const [old] = Array.from(await world.view(consortium, 'organisationOf', [accountOf('tax')]));
      assert.equal(old, `0x${'0'.repeat(64)}`);
      const [, signing, sealing] = keysOf('stranger') as readonly string[];
      const reuse = [accountOf('tax'), signing, sealing];
      await refused(world.send('bank-a', consortium, 'rotateKeys', [reuse, 0]), 'ConsortiumAccountTaken');
      await refused(world.send('newcomer', consortium, 'rotateKeys', [reuse, 0]), 'ConsortiumAccountTaken');
      const oldSigning = [accountOf('stranger'), word('ed-tax'), sealing];
      await refused(world.send('bank-a', consortium, 'rotateKeys', [oldSigning, 0]), 'ConsortiumSigningKeyTaken');
    }));

  test('keys before a rotation count for the overlap that was asked for, at most a day', () =>
    world.undone(async () => {
      await refused(
        world.send('tax', consortium, 'rotateKeys', [keysOf('newcomer'), 86_401]),
        'ConsortiumOverlapTooLong',
        'overlapSeconds=86401, max=86400',
      );
      await world.send('tax', consortium, 'rotateKeys', [keysOf('newcomer'), 600]);
      const until = (await world.nowSeconds()) + 600;
      assert.deepEqual(await previousOf('tax'), [word('ed-tax'), BigInt(until)]);
      await refused(world.send('tax', consortium, 'revokePreviousKeys', []), 'ConsortiumUnknownAccount');
      const [revoked] = await world.send('newcomer', consortium, 'revokePreviousKeys', []);
      assert.ok(revoked?.name === 'PreviousKeysRevoked' && revoked.args.keyEpoch === 2);
      assert.deepEqual(await previousOf('tax'), [noKey, 0n], 'in the block of the call');
      await refused(
        world.send('newcomer', consortium, 'revokePreviousKeys', []),
        'ConsortiumNoPreviousKeys',
        'org=tax',
      );
    }));

  test('a rotation ends the overlap before it, and an overlap ends with its time', () =>
    world.undone(async () => {
      await world.send('tax', consortium, 'rotateKeys', [keysOf('newcomer'), 86_400]);
      await world.send('newcomer', consortium, 'rotateKeys', [keysOf('stranger'), 600]);
      const [key] = await previousOf('tax');
      assert.equal(key, word('ed-newcomer'));
      await world.pass(601);
      await refused(world.send('stranger', consortium, 'revokePreviousKeys', []), 'ConsortiumNoPreviousKeys');
    }));

  test('keys that the members change for a member count at once, with no overlap', () =>
    world.undone(async () => {
      await world.send('tax', consortium, 'rotateKeys', [keysOf('newcomer'), 86_400]);
      const proposal = await propose('bank-a', 'proposeKeys', [word('tax'), keysOf('stranger')]);
      for (const actor of ['bank-b', 'court'] as const) await vote(actor, proposal);
      const events = await vote('bureau', proposal);
      const changed = events.find((event) => event.name === 'KeysChanged');
      assert.ok(changed?.name === 'KeysChanged' && changed.args.previousUntil === 0 && changed.args.keyEpoch === 3);
      assert.deepEqual(await previousOf('tax'), [noKey, 0n]);
      await refused(world.send('newcomer', consortium, 'setEndpoint', ['x']), 'ConsortiumUnknownAccount');
    }));

  test('an organisation changes its own endpoint, within its length', () =>
    world.undone(async () => {
      const [changed] = await world.send('tax', consortium, 'setEndpoint', ['http://new']);
      assert.equal(changed?.name, 'EndpointChanged');
      await refused(world.send('tax', consortium, 'setEndpoint', ['x'.repeat(257)]), 'ConsortiumInvalidEndpoint');
      await refused(world.send('stranger', consortium, 'setEndpoint', ['x']), 'ConsortiumUnknownAccount');
    }));
});

test('the last active organisation cannot be suspended', async () => {
  const world = await createEmptyWorld();
  try {
    await world.send('founder', consortium, 'admit', [admissionOf('tax', ['department'])]);
    await world.send('founder', consortium, 'closeFounding', []);
    await refused(world.send('tax', consortium, 'proposeSuspension', [word('tax')]), 'ConsortiumLastActive');
  } finally {
    await world.close();
  }
});

test('the actors of these tests have different keys', () => {
  const actors = [...everyone, 'founder', 'stranger', 'newcomer'];
  assert.equal(new Set(actors.map(privateKeyOf)).size, actors.length);
});
