import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineageOf } from '@sealedger/protocol/catalogue/lineage.ts';
import {
  catalogueHitSchema,
  searchEntries,
  searchQuerySchema,
  tokensOf,
} from '@sealedger/protocol/catalogue/search.ts';
import { metadataHash, withheld } from '@sealedger/protocol/dataset.ts';
import type { Draftable } from './support/definitions.ts';
import { hitOf, SALT } from './support/hits.ts';

const score = (scoreBasisPoints: number) => ({
  round: 1,
  ruleSetHash: '11'.repeat(32),
  reportHash: '22'.repeat(32),
  scoreBasisPoints,
});
const income = hitOf('tax', undefined, { quality: score(9500) });
const cases = hitOf(
  'court',
  (d) => {
    d['dataset'] = 'cases';
    d['title'] = { zh: '失信被执行人名单', en: 'Judgment debtors' };
    d['abstract'] = '法院公布的失信被执行人';
    d['code'] = '200010001/000007';
    d['category'] = { class: 'theme', item: '信用体系' };
    d['keywords'] = [];
    d['provider'] = { name: '市中级人民法院', code: '91350100M000100Y43' };
    d.fields = [{ name: 'cases', title: '案件数', type: 'integer', level: 5 }];
  },
  { quality: score(7000) },
);
const all = [income, cases];
const find = (query: object): string[] =>
  searchEntries(all, searchQuerySchema.parse(query)).map(({ metadata }) => metadata.owner);

describe('a search', () => {
  const asked: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['court', 'tax']],
    [{ text: '收入' }, ['tax']],
    [{ text: '个人收入' }, ['tax']],
    [{ text: '年收入' }, ['tax']],
    [{ text: '失信被执行人' }, ['court']],
    [{ text: '案件数' }, ['court']],
    [{ text: 'income' }, ['tax']],
    [{ text: 'PERSONAL inc' }, ['tax']],
    [{ text: 'judg' }, ['court']],
    [{ text: 'ｉｎｃｏｍｅ' }, ['tax']],
    [{ text: '天气' }, []],
    [{ text: 'weather report' }, []],
    [{ text: '%' }, ['court', 'tax']],
    [{ code: '2' }, ['court']],
    [{ code: '307031001/000012' }, ['tax']],
    [{ category: '信用体系' }, ['court']],
    [{ category: '主题' }, ['court']],
    [{ category: 'department' }, ['tax']],
    [{ maxLevel: 3 }, ['tax']],
    [{ minScore: 9000 }, ['tax']],
    [{ minScore: 10_000 }, []],
    [{ provider: '税务局' }, ['tax']],
    [{ provider: 'court' }, ['court']],
    [{ provider: '91350100M000100Y43' }, ['court', 'tax']],
    [{ sharing: 'none' }, []],
    [{ state: 'withdrawn' }, []],
    [{ name: 'cases' }, ['court']],
    [{ limit: 1 }, ['court']],
    [{ text: '收入', maxLevel: 1 }, []],
  ];
  for (const [query, owners] of asked) {
    it(`for ${JSON.stringify(query)} finds ${owners.join(' and ') || 'nothing'}`, () =>
      assert.deepEqual(find(query), owners));
  }

  it('puts a title before an abstract', () => {
    const abstract = hitOf('aa', (d) => {
      d['title'] = '统计';
      d['abstract'] = '收入统计';
      d['keywords'] = [];
      d.fields = [{ name: 'n', title: 'n', type: 'integer', level: 1 }];
    });
    assert.equal(searchEntries([abstract, income], searchQuerySchema.parse({ text: '收入' }))[0], income);
  });

  it('takes Chinese by its pairs and Latin by its words', () => {
    assert.deepEqual(tokensOf('个人收入 Tax2026,收'), ['个人', '人收', '收入', 'tax2026', '收']);
    assert.deepEqual(tokensOf('，。% _'), []);
  });

  it('refuses a question that is none', () => {
    for (const query of [
      { limit: 0 },
      { limit: 501 },
      { maxLevel: 6 },
      { text: 'x'.repeat(257) },
      { state: 'draft' },
      { sql: '1' },
      JSON.parse('{"__proto__": {"text": "x"}}'),
    ]) {
      const parsed = searchQuerySchema.safeParse(query);
      assert.ok(!parsed.success || parsed.data.text === undefined);
    }
  });
});

describe('a dataset that is not shared', () => {
  const change = (d: Draftable): void => void (d['sharing'] = { type: 'none', ground: '法律规定' });
  const full = hitOf('tax', change).metadata;
  assert.ok('fields' in full);
  const shown = withheld(full);

  it('is listed under the hash that the chain has, without fields and salt', () => {
    assert.equal(metadataHash(shown), metadataHash(full));
    assert.ok(!JSON.stringify(shown).includes('grade') && !JSON.stringify(shown).includes(SALT));
    const hit = { ...hitOf('tax', change), metadata: shown, rows: null };
    assert.deepEqual(catalogueHitSchema.parse(hit), hit);
    assert.deepEqual(searchEntries([hit], searchQuerySchema.parse({ text: '个人所得税' })).length, 1);
    assert.deepEqual(searchEntries([hit], searchQuerySchema.parse({ text: 'grade' })).length, 0);
  });

  it('has another hash with another field, salt or entry', () => {
    const hashes = [
      full,
      { ...full, salt: 'cd'.repeat(32) },
      { ...full, fields: full.fields.slice(1) },
      { ...full, level: 5 },
    ].map((metadata) => metadataHash(metadata));
    assert.equal(new Set(hashes).size, 4);
  });
});

describe('lineage', () => {
  const node = (owner: string, version: number, ...from: string[]) => ({
    owner,
    name: 'd',
    version,
    derivedFrom: from.map((text) => ({ owner: text.slice(0, 1), name: 'd', version: Number(text.slice(1)) })),
  });

  it('follows revisions and derivations both ways, over owners', () => {
    const { ancestors, descendants } = lineageOf([node('a', 1), node('a', 2), node('b', 1, 'a2'), node('c', 1, 'b1')], {
      owner: 'b',
      name: 'd',
      version: 1,
    });
    assert.deepEqual(
      ancestors.map(({ from, kind }) => [from, kind]),
      [
        ['a/d/2', 'derivation'],
        ['a/d/1', 'revision'],
      ],
    );
    assert.deepEqual(
      descendants.map(({ to }) => to),
      ['c/d/1'],
    );
  });

  it('ends in a circle that owners declared', () => {
    const circle = [node('a', 1, 'b1'), node('b', 1, 'a1')];
    assert.equal(lineageOf(circle, { owner: 'a', name: 'd', version: 1 }).ancestors.length, 2);
  });
});
