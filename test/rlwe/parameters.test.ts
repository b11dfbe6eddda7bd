import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  assertScoreRange,
  departmentOf,
  deriveParameters,
  MAX_FEATURES,
  SCORE_LIMIT,
} from '@sealedger/protocol/rlwe/parameters.ts';

const department = (party: string, features: number, bits: number) => ({
  party,
  valueBits: new Array<number>(features).fill(bits),
});
const departments = (count: number, features: number, bits: number) =>
  Array.from({ length: count }, (_, i) => department(`d${i}`, features, bits));
const refuses = (work: () => unknown, code: Parameters<typeof isProtocolError>[1], details: object = {}): void =>
  assert.throws(work, (error) => {
    assert.ok(isProtocolError(error, code), String(error));
    assert.deepEqual({ ...error.details, ...details }, error.details);
    return true;
  });

describe('parameters of a computation', () => {
  it('bound the noise of a known schema as computed by hand', () => {
    // 113 features of 16 bits: sqrt(92·10.5·(8192·(113·65535² + 2) + 1)) = 1.96e9 = 2^30.9
    const { departments: derived } = deriveParameters({ departments: [department('tax', 113, 16)], gates: 1 });
    assert.deepEqual(
      derived.map(({ noiseBits, floodBits }) => ({ noiseBits, floodBits })),
      [{ noiseBits: 31, floodBits: 71 }],
    );
  });

  it('are plain JSON and depend on the schema alone', () => {
    const schema = { departments: departments(3, 10, 12), gates: 2 };
    assert.deepEqual(JSON.parse(JSON.stringify(deriveParameters(schema))), deriveParameters(schema));
    assert.notDeepEqual(deriveParameters(schema), deriveParameters({ ...schema, gates: 1 }));
  });

  it('fit 32 participants of four 16-bit features, and refuse 33', () => {
    deriveParameters({ departments: departments(31, 4, 16), gates: 1 });
    refuses(() => deriveParameters({ departments: departments(31, 4, 16), gates: 2 }), 'RLWE_PARAMETERS_PARTICIPANTS', {
      most: 32,
    });
    refuses(() => deriveParameters({ departments: [], gates: 1 }), 'RLWE_PARAMETERS_PARTICIPANTS');
  });

  it('refuse a schema whose sum would not decrypt and name a width that fits', () => {
    const schema = departments(32, 16, 20);
    const refused = { widestThatFits: 15 };
    refuses(() => deriveParameters({ departments: schema, gates: 0 }), 'RLWE_PARAMETERS_NOISE', refused);
    deriveParameters({ departments: departments(32, 16, 15), gates: 0 });
    refuses(() => deriveParameters({ departments: departments(32, 16, 16), gates: 0 }), 'RLWE_PARAMETERS_NOISE');
  });

  it('refuse widths outside 1..20 and feature counts outside 1..256', () => {
    for (const bits of [0, 21, 1.5, Number.NaN]) {
      refuses(() => deriveParameters({ departments: [department('a', 2, bits)], gates: 0 }), 'RLWE_PARAMETERS_WIDTH');
    }
    for (const features of [0, MAX_FEATURES + 1]) {
      refuses(
        () => deriveParameters({ departments: [department('a', features, 8)], gates: 0 }),
        'RLWE_PARAMETERS_FEATURES',
      );
    }
    deriveParameters({ departments: [department('a', MAX_FEATURES, 16)], gates: 0 });
  });

  it('name a department only when it takes part', () => {
    const parameters = deriveParameters({ departments: departments(2, 1, 1), gates: 0 });
    assert.equal(departmentOf(parameters, 'd1').party, 'd1');
    refuses(() => departmentOf(parameters, 'd2'), 'RLWE_PARAMETERS_PARTY');
  });
});

describe('the score range', () => {
  it('ends strictly below 2^43, release noise included', () => {
    assertScoreRange(SCORE_LIMIT - 1n);
    refuses(() => assertScoreRange(SCORE_LIMIT), 'SCORE_RANGE_OVERFLOW', { limitBits: 43 });
    assertScoreRange(SCORE_LIMIT - 11n, 10n);
    refuses(() => assertScoreRange(SCORE_LIMIT - 10n, 10n), 'SCORE_RANGE_OVERFLOW');
    refuses(() => assertScoreRange(-1n), 'SCORE_RANGE_OVERFLOW');
  });
});
