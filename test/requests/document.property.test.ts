import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptRequest, assertOwnFeatures } from '@sealedger/node/request/intake.ts';
import { legalBases, legalBasisCodes, purposeCodes, purposes } from '@sealedger/protocol/purposes.ts';
import {
  type Attachment,
  assertSheet,
  MAX_ATTACHMENT_BYTES,
  type RequestDocument,
  requestDocumentSchema,
} from '@sealedger/protocol/request.ts';
import fc from 'fast-check';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { refusal, refusalOf } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument, sheets } from '../node/support/request-fixture.ts';

const isDocument = (change: object): boolean =>
  requestDocumentSchema.safeParse({ ...requestDocument(), ...change }).success;

const attachment = (change: Partial<Attachment> = {}): Attachment => ({
  name: 'form.pdf',
  mediaType: 'application/pdf',
  bytes: 10,
  sha256: hexOf(7),
  ...change,
});

describe('the lists of purposes and grounds', () => {
  it('have a label in both languages, and usual grounds that are grounds for such subjects', () => {
    for (const code of purposeCodes) {
      const { labels, usualBasis } = purposes[code];
      assert.ok(labels.en !== '' && /\p{Script=Han}/u.test(labels['zh-CN']), code);
      for (const subjects of ['person', 'enterprise'] as const) {
        assert.ok(usualBasis[subjects].length > 0);
        for (const basis of usualBasis[subjects]) assert.ok(legalBases[basis].subjects.includes(subjects), basis);
      }
    }
  });

  it('name for every ground where it stands', () => {
    for (const code of legalBasisCodes) {
      const { source, labels, subjects } = legalBases[code];
      assert.ok(/\d/.test(source.en) && /第|号/.test(source['zh-CN']) && subjects.length > 0, code);
      assert.match(labels['zh-CN'], /\p{Script=Han}/u);
    }
  });
});

describe('the document of a request', () => {
  it('takes the purposes and grounds of the lists and no others', () => {
    assert.ok(purposeCodes.every((purpose) => isDocument({ purpose })));
    assert.ok(!isDocument({ purpose: 'curiosity' }) && !isDocument({ purpose: '' }));
    assert.ok(!isDocument({ legalBasis: { code: 'because', text: 'x' } }));
    assert.ok(!isDocument({ legalBasis: 'consent' }));
  });

  it('refuses a ground that is none for such subjects', () => {
    const asked = (code: string, subjects: string) => isDocument({ legalBasis: { code, text: 'x' }, subjects });
    assert.ok(asked('consent', 'person') && !asked('consent', 'enterprise'));
    assert.ok(asked('enterprise-authorisation', 'enterprise') && !asked('enterprise-authorisation', 'person'));
    assert.ok(asked('legal-duty', 'person') && asked('legal-duty', 'enterprise'));
  });

  it('takes a noise that the scale can carry, and none that is rounded away or too wide', () => {
    const withNoise = (scaleBits: number, totalWidthLog2: number) =>
      isDocument({ scaleBits, noisePolicy: { kind: 'centred-uniform', totalWidthLog2 } });
    assert.ok(withNoise(28, 0) && withNoise(27, -20) && withNoise(19, -12));
    assert.ok(!withNoise(29, 0) && !withNoise(26, -20) && !withNoise(18, -12));
    assert.ok(!withNoise(30, 1) && !withNoise(30, -21) && !withNoise(30, -1.5));
  });

  it('refuses text that an approver could not see for what it is', () => {
    const contact = (person: string) => isDocument({ contact: { unit: 'risk', person, channel: 'x' } });
    assert.ok(contact('林月') && contact('O’Neill'));
    for (const text of ['\u001b[2J', 'a\u202egnp.exe', 'a\u0000', 'a\rb', '\u0085', ' ', ''])
      assert.ok(!contact(text), text);
    assert.ok(isDocument({ legalBasis: { code: 'consent', text: 'one line\nand another' } }));
    assert.ok(!isDocument({ attachments: [attachment({ name: 'a\u2066b' })] }));
  });

  it('declares few attachments, each once, none too large or without content', () => {
    const many = (count: number) =>
      isDocument({ attachments: Array.from({ length: count }, (_, i) => attachment({ sha256: hexOf(i + 1) })) });
    assert.ok(many(16) && !many(17));
    assert.ok(!isDocument({ attachments: [attachment(), attachment({ name: 'other.pdf' })] }));
    assert.ok(isDocument({ attachments: [attachment({ bytes: MAX_ATTACHMENT_BYTES })] }));
    for (const bytes of [0, -1, 1.5, MAX_ATTACHMENT_BYTES + 1]) {
      assert.ok(!isDocument({ attachments: [attachment({ bytes })] }));
    }
    assert.ok(!isDocument({ attachments: [attachment({ mediaType: 'application/pdf; x=\r\ny' })] }));
  });

  it('with any one place changed at random is refused with a listed code or is another request', async () => {
    const document = requestDocument({ attachments: [attachment()], certifier: 'regulator' });
    const ledger = fakeLedger('tax');
    const view = onChainView(document, { state: 'submitted' });
    ledger.requests.set(view.id, view);
    const paths = placesOf(document);
    const junk = fc.oneof(
      fc.jsonValue(),
      fc.string(),
      fc.integer(),
      fc.constantFrom('__proto__', null, undefined, '../../x', '\u0000', 1e308, [], {}),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), junk, async (path, value) => {
        const changed = structuredClone(document) as unknown;
        setAt(changed, path, value);
        if (JSON.stringify(changed) === JSON.stringify(document)) return;
        const error = await refusalOf(() => acceptRequest(ledger, { document: changed, sheet: null }, 'bank'));
        assert.ok(['SCHEMA_MISMATCH', 'REQUEST_UNKNOWN'].includes(error.code), error.code);
      }),
      { numRuns: 1500, seed: 20261122 },
    );
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});

describe('after the grant', () => {
  const document = requestDocument();
  const ledger = fakeLedger('tax');
  const view = onChainView(document);
  ledger.requests.set(view.id, view);

  const changes: readonly (readonly [string, Partial<RequestDocument>])[] = [
    ['other features', { features: document.features.map((entry) => ({ ...entry, sheet: hexOf(9) })) }],
    ['another quota', { quota: document.quota + 1 }],
    ['other gates', { gates: ['bureau'] }],
    ['another model', { modelDigest: hexOf(9) }],
    ['less noise', { noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -13 } }],
    ['another end', { expiresAt: document.expiresAt + 1 }],
    ['no certifier', { certifier: null, nonce: hexOf(8) }],
  ];
  for (const [what, change] of changes) {
    it(`${what} is another request, which nobody granted`, async () => {
      const changed = { ...document, ...change };
      await assert.rejects(
        acceptRequest(ledger, { document: changed, sheet: null }, 'bank'),
        refusal('REQUEST_UNKNOWN'),
      );
    });
  }

  it('another sheet than the one that was committed to is refused', () => {
    const [own] = sheets.filter(({ party }) => party === 'tax');
    assertSheet(document, own!, 'tax');
    const other = { ...own!, definitions: own!.definitions.map((definition) => ({ ...definition, field: 'balance' })) };
    assert.throws(() => assertOwnFeatures(document, other, 'tax', []), refusal('REQUEST_SHEET_MISMATCH'));
    assert.throws(() => assertOwnFeatures(document, null, 'tax', []), refusal('REQUEST_SHEET_MISMATCH'));
    assert.throws(() => assertSheet(document, { ...own!, salt: hexOf(1) }, 'tax'), refusal('REQUEST_SHEET_MISMATCH'));
  });
});

type Path = readonly (string | number)[];

function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    ...(path.length === 0 ? [] : [path]),
    ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key])),
  ];
}

function setAt(target: unknown, path: Path, value: unknown): void {
  let at = target as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1)!] = value;
}
