import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { definedDataset, parseDefinition } from '@sealedger/node/catalogue/definition.ts';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import { refusal, refusalOf } from '../node/support/refusals.ts';
import { DEFINITION, type Draftable, definitionText } from './support/definitions.ts';

const parse = (text: string) => parseDefinition(text, 'income.yaml');

describe('a definition', () => {
  it('says what the guide prescribes, and gets the level of its highest item', () => {
    const dataset = definedDataset(parse(DEFINITION));
    assert.equal(dataset.level, 3);
    assert.equal(dataset.entry.code, '307031001/000012');
    assert.deepEqual(dataset.entry.sharing, {
      type: 'conditional',
      condition: '经数据主体授权的信贷评估',
      method: 'joint-computation',
    });
    assert.deepEqual(
      dataset.fields.map(({ name, kind }) => [name, kind]),
      [
        ['income', 'number'],
        ['grade', 'text'],
      ],
    );
    assert.ok(!('source' in dataset.entry) && !('subject' in dataset.entry), 'others see where the rows lie');
  });

  const levels: readonly (readonly [string, (definition: Draftable) => void, number])[] = [
    ['a field’s', (d) => void (d.fields[1]!['level'] = 5), 5],
    ['the subject’s', (d) => void (d['subject'] = { column: 'id_number', level: 4 }), 4],
    ['the subject’s where it says none', (d) => void (d['subject'] = { column: 'id_number' }), 4],
  ];
  for (const [name, change, level] of levels) {
    it(`takes the highest level: ${name}`, () =>
      assert.equal(definedDataset(parse(definitionText(change))).level, level));
  }
});

describe('the example of the documentation', () => {
  it('is a definition in order, of the level that it says', async () => {
    const guide = await readFile(new URL('../../docs/catalogue.md', import.meta.url), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(guide)![1]!;
    const { level, fields, entry } = definedDataset(parse(example));
    assert.deepEqual([level, fields.length, entry.derivedFrom.length], [4, 4, 1]);
  });
});

describe('a definition that is not in order is refused with line and column', () => {
  const line = (text: string): number => 1 + DEFINITION.slice(0, DEFINITION.indexOf(text)).split('\n').length - 1;
  const refused: readonly (readonly [string, string, ErrorDetails])[] = [
    ['an unknown key', DEFINITION.replace('updateCycle:', 'updateCycel:'), {}],
    ['a level that nobody may write', `${DEFINITION}level: 1\n`, {}],
    [
      'a level of nine',
      DEFINITION.replace('level: 2', 'level: 9'),
      { line: line('    level: 2'), place: 'fields.1.level' },
    ],
    [
      'a code of another form',
      DEFINITION.replace('307031001/000012', '12'),
      { line: line('code: 3'), column: 7, place: 'code' },
    ],
    ['a code of another class', DEFINITION.replace('307031001', '107031001'), { place: 'code' }],
    [
      'a provider’s code with a wrong check character',
      DEFINITION.replace(/M000100Y43/, 'M000100Y44'),
      { place: 'provider.code' },
    ],
    [
      'a cycle that is none',
      DEFINITION.replace('monthly', 'sometimes'),
      { line: line('updateCycle'), place: 'updateCycle' },
    ],
    ['a day that is none', DEFINITION.replace('2026-01-15', '2026-02-30'), { place: 'publicationDate' }],
    [
      'conditional sharing without its condition',
      DEFINITION.replace(/ {2}condition: .*\n/, ''),
      { place: 'sharing.condition' },
    ],
    ['bounds the wrong way', DEFINITION.replace('min: 0,', 'min: 99999999,'), { place: 'fields.0.bounds' }],
    [
      'a missing value out of bounds',
      DEFINITION.replace('missing: 30000', 'missing: -1'),
      { place: 'fields.0.missing' },
    ],
    [
      'a field twice',
      DEFINITION.replace('name: grade', 'name: income'),
      { line: line('name: grade'), place: 'fields.1.name' },
    ],
    ['the subject as a field', DEFINITION.replace('name: grade', 'name: id_number'), { place: 'fields.1.name' }],
    ['no fields', DEFINITION.replace(/fields:[\s\S]*/, 'fields: []\n'), { place: 'fields' }],
    ['a key twice', `${DEFINITION}title: again\n`, { place: 'YAML', reason: 'DUPLICATE_KEY' }],
    ['no YAML', `${DEFINITION}  - [`, { place: 'YAML' }],
    ['nothing', '', { line: 1, column: 1 }],
    ['two documents', `${DEFINITION}---\na: 1\n`, { place: 'YAML' }],
  ];
  for (const [name, text, details] of refused) {
    it(name, async () => {
      const error = await refusalOf(() => parse(text));
      refusal('DEFINITION_INVALID', { file: 'income.yaml', ...details })(error);
      assert.ok(Number(error.details['line']) >= 1 && Number(error.details['column']) >= 1);
    });
  }
});

describe('a draft that a person did not fill in', () => {
  it('is refused with every line that is left, those that no schema would take included', async () => {
    const text = DEFINITION.replace('市税务局', 'CHANGE-ME').replace('updateCycle: monthly', 'updateCycle: CHANGE-ME');
    const error = await refusalOf(() => parse(text));
    const lines = text.split('\n').flatMap((written, i) => (written.includes('CHANGE-ME') ? [i + 1] : []));
    assert.equal(lines.length, 2);
    refusal('DEFINITION_UNFILLED', { file: 'income.yaml', count: 2, lines: lines.join(', ') })(error);
  });
});

describe('a definition that attacks its reader is refused at once', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)},`.repeat(10)}]\n`)}`;
  const attacks: readonly (readonly [string, string])[] = [
    ['aliases that unfold', bomb],
    ['an anchor without an alias', DEFINITION.replace('title:', 'title: &a')],
    ['a merge key', `${DEFINITION}<<: {level: 1}\n`],
    ['__proto__', `${DEFINITION}__proto__: {sharing: {type: unconditional}}\n`],
    ['__proto__ in a field', DEFINITION.replace('    level: 2', '    level: 2\n    __proto__: {missing: 1}')],
    ['constructor', `${DEFINITION}constructor: {prototype: {}}\n`],
    ['a tag', DEFINITION.replace('keywords: [收入, income]', 'keywords: !!js/function "x"')],
    ['a binary', DEFINITION.replace('abstract: 自然人按月申报的收入', 'abstract: !!binary aGk=')],
    ['brackets a hundred thousand deep', '['.repeat(100_000)],
    ['braces a hundred thousand deep', '{a: '.repeat(100_000)],
    ['lists in lists on one line', `a:\n  ${'- '.repeat(50_000)}x\n`],
    ['indentation without end', Array.from({ length: 300 }, (_, i) => `${'  '.repeat(i)}a:`).join('\n')],
    ['more than a megabyte', `${DEFINITION}#${'x'.repeat(1 << 20)}\n`],
    [
      'five thousand fields',
      definitionText(
        (d) => void (d.fields = Array.from({ length: 5000 }, (_, i) => ({ ...d.fields[1]!, name: `f${i}` }))),
      ),
    ],
  ];
  for (const [name, text] of attacks) {
    it(name, async () => {
      const start = performance.now();
      await refusalOf(() => parse(text));
      assert.ok(performance.now() - start < 5000, 'it took long');
      assert.equal(({} as { sharing?: unknown }).sharing, undefined);
    });
  }
});
