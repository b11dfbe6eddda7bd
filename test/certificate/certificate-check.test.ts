/** What a department and a gate ask of the chain before they use a grant: a certificate that counts, or nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateCheck } from '@sealedger/node/approval/certificate-check.ts';
import type { Use } from '@sealedger/node/approval/guard.ts';
import type { CertificateView } from '@sealedger/node/ports.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import { noConditions } from '@sealedger/protocol/policy/conditions.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { fakeDirectory, organisation } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';

const parties = [
  organisation('bank', ['bank', 'regulator']),
  organisation('watch', ['regulator']),
  organisation('second', ['regulator']),
  organisation('auditor', ['department']),
  organisation('tax', ['department', 'gate', 'regulator']),
  organisation('bureau', ['registrar', 'gate', 'regulator']),
];

function grantOf(document: RequestDocument, needsCertificate: boolean): Grant {
  return {
    suite: SUITE,
    version: 1,
    requestId: requestId(document),
    decider: 'tax',
    approved: true,
    rule: 'within-bounds',
    policyHash: null,
    datasets: [],
    quota: document.quota,
    expiresAt: document.expiresAt,
    noisePolicy: document.noisePolicy,
    approvers: 0,
    conditions: { ...noConditions('Asia/Shanghai'), needsCertificate },
  };
}

/** A node's check over a request, with a certificate by `certifier` on chain where one is given. */
function world(change: Partial<RequestDocument> = {}, certificate: Partial<CertificateView> | null = {}) {
  const ledger = fakeLedger('tax');
  const members = fakeDirectory(parties);
  const document = requestDocument({ certifier: 'watch', ...change });
  if (certificate !== null) {
    ledger.certificates.set(`${document.modelDigest}/${document.certifier}`, {
      requester: 'bank',
      certificateHash: hexOf(0x77),
      certifiedAt: 1,
      withdrawn: false,
      ...certificate,
    });
  }
  const check = certificateCheck(ledger, members);
  const request = onChainView(document);
  const use = (kind: Use['kind'], moment: Use['moment']): Use => ({ kind, moment, requestId: request.id, count: 1 });
  const uses = [use('compute', 'announce'), use('compute', 'chunk'), use('unlock', 'order'), use('unlock', 'metering')];
  const ask = async (needsCertificate = true): Promise<void> => {
    for (const each of uses) await check(each, request, document, grantOf(document, needsCertificate));
  };
  return { ledger, members, document, request, check, uses, ask };
}

test('a certificate of the request’s certifier for this model and requester lets computing and unlocking pass', async () => {
  await world().ask();
});

test('none, or one of another regulator, another model or another requester, does not', async () => {
  await assert.rejects(world({}, null).ask(), refusal('CERTIFICATE_MISSING', { certifier: 'watch' }));
  const elsewhere = world({}, null);
  elsewhere.ledger.certificates.set(`${elsewhere.document.modelDigest}/second`, {
    requester: 'bank',
    certificateHash: hexOf(1),
    certifiedAt: 1,
    withdrawn: false,
  });
  await assert.rejects(elsewhere.ask(), refusal('CERTIFICATE_MISSING'));
  await assert.rejects(world({}, { requester: 'other-bank' }).ask(), refusal('CERTIFICATE_MISSING'));
  const other = world();
  const request = { ...other.request, modelDigest: hexOf(0x4e) };
  await assert.rejects(
    other.check(other.uses[0]!, request, other.document, grantOf(other.document, true)),
    refusal('CERTIFICATE_MISSING'),
  );
});

test('one that was withdrawn ends computing and unlocking at every moment', async () => {
  const { check, uses, request, document } = world({}, { withdrawn: true });
  for (const use of uses) {
    await assert.rejects(
      check(use, request, document, grantOf(document, true)),
      refusal('CERTIFICATE_WITHDRAWN', { certifier: 'watch' }),
    );
  }
});

test('nobody certifies for itself, nor who computes or holds pads, nor who is no regulator', async () => {
  for (const [certifier, code] of [
    ['bank', 'CERTIFICATE_SELF'],
    ['tax', 'CERTIFIER_TAKES_PART'],
    ['bureau', 'CERTIFIER_TAKES_PART'],
    ['auditor', 'CERTIFIER_NOT_REGULATOR'],
    ['nobody', 'CERTIFIER_NOT_REGULATOR'],
  ] as const) {
    await assert.rejects(world({ certifier }).ask(), refusal(code));
  }
  await assert.rejects(world({ certifier: null }).ask(), refusal('CERTIFICATE_NO_CERTIFIER'));
});

test('a suspended regulator’s certificates fall with it, and come back with it', async () => {
  const { members, ask } = world();
  members.suspended.add('watch');
  await assert.rejects(ask(), refusal('CERTIFIER_NOT_REGULATOR', { org: 'watch' }));
  members.suspended.delete('watch');
  await ask();
});

test('a grant that asks for none gets none, and without a grant personal data needs one', async () => {
  await world({ certifier: null }, null).ask(false);
  const { check, uses, request, document } = world({ certifier: null }, null);
  await assert.rejects(check(uses[0]!, request, document, undefined), refusal('CERTIFICATE_NO_CERTIFIER'));
  const enterprise = world({ certifier: null, subjects: 'enterprise' }, null);
  await enterprise.check(enterprise.uses[0]!, enterprise.request, enterprise.document, undefined);
});

test('while the chain is away nothing passes', async () => {
  const { ledger, ask } = world();
  ledger.away = true;
  await assert.rejects(ask(), refusal('CHAIN_UNREACHABLE'));
});
