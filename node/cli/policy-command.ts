/**
 * `sealedger-node policy …`: who may ask what of the datasets, as data.
 *
 * `check`, `test`, `schema` and `draft` need no running node; `show` and `check` of a file neither.
 * Exit 0 where it is done, 1 where a policy is refused or a sample is answered otherwise, 2 for usage and refusals.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { PolicyAnswer } from '@sealedger/protocol/policy/answer.ts';
import { type Policy, policyHash, policyJsonSchema, policySchema } from '@sealedger/protocol/policy/policy.ts';
import { runSamples, type SampleOutcome, samplesSchema } from '@sealedger/protocol/policy/samples.ts';
import { simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import { stringify } from 'yaml';
import { readPolicy, readPolicyText } from '../approval/policy-book.ts';
import { parseYaml } from '../catalogue/yaml.ts';
import { policyContracts } from '../services/admin-policy.ts';
import { type AdminCall, columns, needed, numberOption, runVerb, tell, type Verb, wordsIn } from './call-options.ts';
import { EXIT_DONE, EXIT_FAILED, explain, type NodeCommand } from './command.ts';
import { conditionsText } from './request-words.ts';

const OPTIONS = ['requests', 'name', 'requesters', 'purposes', 'datasets', 'quota', 'days', 'otherwise'] as const;

const verbs: Readonly<Record<string, Verb>> = {
  show,
  check,
  test,
  schema: (call) => tell(call, policyJsonSchema(), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`),
  draft,
  apply: async (call) => {
    const policy = await readPolicy(call.word(0, 'POLICY'));
    const applied = await call.ask(policyContracts.apply, { policy });
    return tell(call, applied, `${applied.uid} ${applied.hash}\n`);
  },
  remove: async (call) => {
    const removed = await call.ask(policyContracts.remove, { uid: call.word(0, 'UID') });
    return tell(call, removed, `${removed.uid}\n`);
  },
};

/** Runs one verb. */
export const policyCommand: NodeCommand = (argv, io) => runVerb(argv, io, verbs, OPTIONS, 'POLICY_USAGE');

/** A file's policy, or those in force at the running node. */
async function show(call: AdminCall): Promise<number> {
  const [file] = call.positionals;
  if (file !== undefined) {
    const policy = await readPolicy(file);
    return tell(call, policy, policyText(policy, call));
  }
  const answer = await call.ask(policyContracts.show, {});
  const texts = answer.policies.map(
    ({ policy, actor }) =>
      `${policyText(policy, call)}${actor === null ? '' : `${wordsIn(call.io.locale)('POLICY_APPLIED_BY', { actor: actor.slice(0, 12) })}\n`}`,
  );
  return tell(call, answer, texts.length === 0 ? `${wordsIn(call.io.locale)('POLICY_NONE')}\n` : texts.join('\n'));
}

function policyText(policy: Policy, call: AdminCall): string {
  const words = wordsIn(call.io.locale);
  const rules = [
    ...policy.prohibition.map((rule) => ({ kind: words('POLICY_WORD_PROHIBITION'), rule, duties: [] as string[] })),
    ...policy.permission.map((rule) => ({
      kind: words('POLICY_WORD_PERMISSION'),
      rule,
      duties: rule.duty.map(({ action }) => action),
    })),
  ];
  const lines = rules.flatMap(({ kind, rule, duties }) => [
    [kind, rule.uid, rule.target, duties.join(' ')],
    ...rule.constraint.map(({ leftOperand, operator, rightOperand, ...more }) => [
      '',
      '',
      `${leftOperand} ${operator} ${JSON.stringify(rightOperand)}${Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`}`,
      '',
    ]),
  ]);
  const head = `${policy.uid}\n${policyHash(policy)}\n`;
  const rest = words('POLICY_OTHERWISE', {
    otherwise: policy['sealedger:otherwise'],
    timeZone: policy['sealedger:timeZone'],
  });
  return `${head}${columns(lines)}${rest}\n`;
}

async function check(call: AdminCall): Promise<number> {
  call.word(0, 'POLICY');
  const results = await Promise.all(call.positionals.map(checked));
  const lines = results.map(({ file, refusal }) =>
    refusal === null ? `✔ ${file}\n` : `✖ ${explain(refusal, call.io.locale)}\n`,
  );
  const document = results.map(({ file, policy, refusal }) => ({
    file,
    uid: policy?.uid ?? null,
    hash: policy === null ? null : policyHash(policy),
    problem: refusal === null ? null : { code: refusal.code, details: refusal.details },
  }));
  await tell(call, { policies: document }, lines.join(''));
  return results.every(({ refusal }) => refusal === null) ? EXIT_DONE : EXIT_FAILED;
}

async function checked(file: string) {
  try {
    return { file, policy: await readPolicy(file), refusal: null };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { file, policy: null, refusal: error };
  }
}

/** Runs a policy against samples. */
async function test(call: AdminCall): Promise<number> {
  const policy = await readPolicy(call.word(0, 'POLICY'));
  const place = needed(call, 'requests');
  const outcomes: (SampleOutcome & { readonly file: string })[] = [];
  for (const file of await sampleFiles(place)) {
    const samples = parseYaml(samplesSchema, await readPolicyText(file), file);
    for (const outcome of samplesOf(policy, samples, file)) outcomes.push({ ...outcome, file });
  }
  const wrong = outcomes.filter(({ differences }) => differences.length > 0).length;
  const words = wordsIn(call.io.locale);
  const head = [
    '',
    words('POLICY_WORD_SAMPLE'),
    words('POLICY_WORD_DECISION'),
    words('REQUEST_LABEL_RULE'),
    words('REQUEST_LABEL_CONDITIONS'),
    words('REQUEST_LABEL_FAILED'),
    words('POLICY_WORD_EXPECTED'),
  ];
  const text = `${columns([head, ...outcomes.map((outcome) => outcomeRow(outcome))])}${words('POLICY_TESTED', { total: outcomes.length, wrong })}\n`;
  await tell(call, { policy: policy.uid, hash: policyHash(policy), outcomes }, text);
  return wrong === 0 ? EXIT_DONE : EXIT_FAILED;
}

/** @throws {ProtocolError} POLICY_SAMPLE where a sample leaves out a fact that has no usual value. */
function samplesOf(policy: Policy, samples: Parameters<typeof runSamples>[1], file: string): readonly SampleOutcome[] {
  return samples.requests.flatMap((sample) => {
    try {
      return runSamples(policy, { ...samples, requests: [sample] });
    } catch (cause) {
      const issue = (cause as { readonly issues?: readonly { readonly path: readonly unknown[] }[] }).issues?.[0];
      if (issue === undefined) throw cause;
      throw new ProtocolError(
        'POLICY_SAMPLE',
        { file, sample: sample.name, fact: issue.path.map(String).join('.') },
        { cause },
      );
    }
  });
}

function outcomeRow({ name, answer, expected, differences }: SampleOutcome): string[] {
  const wanted = differences.map((part) => `${part}: ${JSON.stringify(expected[part])}`).join(' ');
  return [
    differences.length === 0 ? '✔' : '✖',
    JSON.stringify(name),
    answer.decision,
    answer.rule,
    answer.conditions === null ? '' : conditionsText(answer.conditions),
    failedText(answer),
    wanted,
  ];
}

function failedText({ failed }: PolicyAnswer): string {
  return failed.map(({ rule, leftOperand }) => `${rule}/${leftOperand}`).join(', ');
}

/** A file, or the files of samples in a directory. @throws {ProtocolError} POLICY_UNREADABLE */
async function sampleFiles(place: string): Promise<readonly string[]> {
  const found = await stat(place).catch(() => null);
  if (found === null) throw new ProtocolError('POLICY_UNREADABLE', { file: place, reason: 'there is no such file' });
  if (!found.isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (names.length === 0) throw new ProtocolError('POLICY_UNREADABLE', { file: place, reason: 'no samples in it' });
  return names.map((name) => join(place, name));
}

/** A policy to begin with, in YAML. */
async function draft(call: AdminCall): Promise<number> {
  const list = (name: string, fallback: readonly string[]): readonly string[] =>
    call
      .option(name)
      ?.split(',')
      .map((word) => word.trim()) ?? fallback;
  const datasets = call.option('datasets') === undefined ? {} : { datasets: list('datasets', []) };
  const name = call.option('name');
  const otherwise = call.option('otherwise');
  const policy = simplePolicy({
    ...(name === undefined ? {} : { name }),
    requesters: list('requesters', ['change-me']),
    purposes: list('purposes', ['credit-underwriting']),
    maxQuota: numberOption(call, 'quota') ?? 10_000,
    maxTermDays: numberOption(call, 'days') ?? 90,
    ...datasets,
    otherwise: otherwise === 'reject' ? 'reject' : 'ask',
  });
  return tell(call, policySchema.parse(policy), stringify(policy));
}
