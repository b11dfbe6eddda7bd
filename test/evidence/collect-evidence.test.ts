/** A reader who took no part collects one bundle from the nodes, with one of them away, late, or speaking for another. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleJson } from '@sealedger/protocol/evidence/bundle-file.ts';
import {
  collectEvidence,
  collectWholeEvidence,
  type EvidenceSource,
  evidencePath,
  partiesOf,
} from '@sealedger/sdk/collect-evidence.ts';
import { verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import {
  batchSubject,
  type NodeName,
  nodes,
  requestSubject,
  retiredDraft,
  type Story,
  tellStory,
  versionSubject,
} from './support/request-story.ts';

let story: Story;
before(async () => {
  story = await tellStory();
});
after(() => story.close());

/** Nodes that answer at these paths; `instead` answers for one of them. */
function source(instead: Partial<Record<NodeName, () => Promise<unknown>>> = {}): EvidenceSource & { waits: number } {
  const made = {
    waits: 0,
    clock: {
      now: () => made.waits,
      sleep: async (ms: number) => {
        made.waits += ms;
      },
    },
    get: async (org: string, path: string): Promise<unknown> => {
      const answer = instead[org as NodeName];
      if (answer !== undefined) return answer();
      const subject = [requestSubject, batchSubject, versionSubject].find((one) => evidencePath(one) === path);
      return bundleJson(await story.part(org as NodeName, subject));
    },
  };
  return made;
}

test('from all parties of a request, one bundle that holds', async () => {
  const orgs = partiesOf({ participants: ['social', 'tax'], deciders: [{ org: 'tax' }, { org: 'bureau' }] });
  assert.deepEqual(orgs, [...nodes]);
  const { bundle, missing } = await collectEvidence(source(), orgs, requestSubject);
  assert.deepEqual(missing, []);
  assert.equal(verifyBundle(bundle, story.trust).verdict, 'holds');
  const score = await collectWholeEvidence(source(), ['tax'], versionSubject);
  assert.equal(verifyBundle(score, story.trust).verdict, 'holds');
});

test('a node that is away is named, and the verifier misses its part', async () => {
  const away = source({
    social: async () => {
      throw new ProtocolError('PEER_UNREACHABLE', { org: 'social' });
    },
  });
  const { bundle, missing } = await collectEvidence(away, nodes, requestSubject);
  assert.deepEqual(
    missing.map(({ org, error }) => [org, error.code]),
    [['social', 'PEER_UNREACHABLE']],
  );
  const { verdict, claims } = verifyBundle(bundle, story.trust);
  assert.equal(verdict, 'fails');
  assert.ok(
    claims.some(({ code, status, about }) => code === 'PARTS_PRESENT' && status === 'fails' && about === 'social'),
  );
  await assert.rejects(collectWholeEvidence(away, nodes, requestSubject), (error) =>
    isProtocolError(error, 'PEER_UNREACHABLE'),
  );
  await assert.rejects(collectEvidence(away, ['social'], requestSubject), (error) =>
    isProtocolError(error, 'PEER_UNREACHABLE'),
  );
});

test('a node that waits for its anchor is asked again, for a minute', async () => {
  let asked = 0;
  const unanchored = async (): Promise<never> => {
    asked += 1;
    throw new ProtocolError('EXPORT_NOT_ANCHORED', { index: 1, anchored: 0 });
  };
  const late = source({
    tax: async () => (asked < 3 ? unanchored() : bundleJson(await story.part('tax', versionSubject))),
  });
  assert.equal(verifyBundle(await collectWholeEvidence(late, ['tax'], versionSubject), story.trust).verdict, 'holds');
  assert.equal(asked, 3);
  const never = source({ tax: unanchored });
  const { missing } = await collectEvidence(never, ['bureau', 'tax'], requestSubject);
  assert.deepEqual(
    missing.map(({ org }) => org),
    ['tax'],
  );
  assert.ok(never.waits >= 60_000);
});

test('a node that speaks for another, of another subject, or garbage gives no part', async () => {
  const foreign = async (): Promise<unknown> => bundleJson(await story.part('social'));
  const other = async (): Promise<unknown> => bundleJson(await story.part('tax', versionSubject));
  const asForeign = await collectEvidence(source({ tax: foreign }), nodes, requestSubject);
  assert.deepEqual(
    asForeign.missing.map(({ error }) => error.code),
    ['BUNDLE_PARTS_DIFFER'],
  );
  const asOther = await collectEvidence(source({ tax: other }), nodes, requestSubject);
  assert.deepEqual(
    asOther.missing.map(({ org, error }) => [org, error.code]),
    [['tax', 'BUNDLE_PARTS_DIFFER']],
  );
  for (const noise of [null, 7, 'x', [], { format: 'sealedger-evidence-bundle' }]) {
    const { missing } = await collectEvidence(source({ tax: async () => noise }), nodes, requestSubject);
    assert.deepEqual(
      missing.map(({ error }) => error.code),
      ['SCHEMA_MISMATCH'],
    );
  }
});

test('with the state that a verifier keeps, the collected parts continue from it', async () => {
  const { state } = verifyBundle(await story.bundle(), story.trust);
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
  const asked: string[] = [];
  const continuing: EvidenceSource = {
    ...source(),
    get: async (org, path) => {
      asked.push(path);
      const since = Number(new URL(path, 'http://node.example').searchParams.get('since'));
      return bundleJson(await story.part(org as NodeName, requestSubject, { since }));
    },
  };
  const bare = await collectEvidence(source(), nodes, requestSubject);
  assert.equal(verifyBundle(bare.bundle, story.trust, { previousState: state }).verdict, 'undecided');
  const { bundle } = await collectEvidence(continuing, nodes, requestSubject, state);
  assert.equal(verifyBundle(bundle, story.trust, { previousState: state }).verdict, 'holds');
  assert.deepEqual(
    asked.sort(),
    nodes.map((org) => `${evidencePath(requestSubject)}?since=${state[org]!.size}`).sort(),
  );
});
