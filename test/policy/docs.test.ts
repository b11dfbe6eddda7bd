/** The policy and the samples that docs/policy.md shows. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parseYaml } from '@sealedger/node/catalogue/yaml.ts';
import { constraintSchema, dutySchema, policySchema } from '@sealedger/protocol/policy/policy.ts';
import { runSamples, samplesSchema } from '@sealedger/protocol/policy/samples.ts';

describe('docs/policy.md', () => {
  it('shows a policy and samples that it answers as it says', async () => {
    const text = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8');
    const [policy, samples] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block!);
    const outcomes = runSamples(
      parseYaml(policySchema, policy!, 'policy.yaml'),
      parseYaml(samplesSchema, samples!, 'samples.yaml'),
    );
    assert.equal(outcomes.length, 4);
    for (const { name, differences } of outcomes) assert.deepEqual(differences, [], name);
  });

  it('names every left operand and duty of the subset', async () => {
    const text = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8');
    const operands = constraintSchema.options.map((option) => option.shape.leftOperand.value);
    for (const name of [...operands, ...dutySchema.shape.action.options]) assert.ok(text.includes(`\`${name}\``), name);
  });
});
