/**
 * A small register with known errors, made by a generator of the project's own: the same paths as the large dirty tables,
 * without a file from outside. Deterministic: the same seed gives the same table.
 */
import { creditCodeCheckCharacter, organisationCheckCharacter } from '@sealedger/protocol/identifier.ts';

export const REGISTER_COLUMNS = [
  'code',
  'name',
  'division',
  'province',
  'founded',
  'status',
  'capital',
  'source',
] as const;
export type RegisterColumn = (typeof REGISTER_COLUMNS)[number];

export interface DirtyRegister {
  readonly clean: readonly (readonly string[])[];
  readonly dirty: readonly (readonly string[])[];
  /** `row/column` of each wrong cell, rows from 1. */
  readonly wrong: ReadonlySet<string>;
}

/** Divisions whose first two digits say the province; 99 is issued to nobody. */
const PROVINCES = [
  ['990100', '甲省'],
  ['980100', '乙省'],
  ['970100', '丙自治区'],
] as const;
const TRADES = ['贸易', '软件', '物流', '食品'] as const;
const STATUSES = ['存续', '注销'] as const;
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** Every so many rows one cell is made wrong, each time in another way. */
const EVERY = 8;

/** One way in which a cell goes wrong. */
type Slip = readonly [column: RegisterColumn, spoil: (cell: string) => string];

const SLIPS: readonly Slip[] = [
  ['code', (code) => `${code.slice(0, 10)}${code[11]}${code[10]}${code.slice(12)}`],
  ['code', (code) => code.toLowerCase()],
  ['name', (name) => name.replace('公司', '公可')],
  ['name', (name) => `${name.slice(0, 2)} ${name.slice(2)}`],
  ['province', (province) => (province === '甲省' ? '乙省' : '甲省')],
  ['province', () => ''],
  ['founded', (date) => date.replaceAll('-', '/')],
  ['founded', (date) => date.replace(/-\d\d-/, '-13-')],
  ['status', () => 'N/A'],
  ['capital', (capital) => `${capital}万元`],
  ['capital', (capital) => `-${capital}`],
];

/** @param rows - at least 200, so that every value is frequent enough to be learned. */
export function dirtyRegister(rows: number, seed: number): DirtyRegister {
  const next = generator(seed);
  const clean = Array.from({ length: rows }, (_, index) => cleanRow(next, index));
  const wrong = new Set<string>();
  const dirty = clean.map((cells, index) => {
    if (index % EVERY !== EVERY - 1) return cells;
    const [column, spoil] = SLIPS[Math.floor(index / EVERY) % SLIPS.length]!;
    const place = REGISTER_COLUMNS.indexOf(column);
    const spoilt = spoil(cells[place]!);
    // Two equal neighbours swapped are no error.
    if (spoilt === cells[place]) return cells;
    wrong.add(`${index + 1}/${column}`);
    return cells.with(place, spoilt);
  });
  return { clean, dirty, wrong };
}

function cleanRow(next: (below: number) => number, index: number): string[] {
  const [division, province] = PROVINCES[next(PROVINCES.length)]!;
  const organisation = Array.from({ length: 8 }, () => ALPHABET[next(ALPHABET.length)]).join('');
  const body = `91${division}${organisation}${organisationCheckCharacter(organisation)}`;
  const date = `${1990 + next(30)}-${two(1 + next(12))}-${two(1 + next(28))}`;
  const name = `第${index + 1}号${TRADES[next(TRADES.length)]}有限公司`;
  const capital = String(10 * (1 + next(50)));
  return [
    body + creditCodeCheckCharacter(body),
    name,
    division,
    province,
    date,
    STATUSES[next(2)]!,
    capital,
    `s${next(4)}`,
  ];
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Numerical Recipes' linear congruential generator: enough for test data. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
