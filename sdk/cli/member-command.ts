/**
 * `sealedger member …`: the consortium's members, and the votes on admission, suspension, roles and lost keys.
 *
 * Exit code 0 where it is done, 2 for usage and refusals; `--json` prints one document.
 */
import { parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { memberLine, memberText, proposalText } from '@sealedger/protocol/membership/text.ts';
import { endpointSchema, type ProposalInput, type ProposalView } from '@sealedger/protocol/membership/views.ts';
import { proposalFrom, proposalIdFrom, supportFrom } from '@sealedger/protocol/membership/words.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { PASSPHRASE_OPTIONS } from '@sealedger/transport/secret-input.ts';
import { type Membership, openMembers } from '../members.ts';
import { openMember } from './member-profile.ts';
import { type CommandIo, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const OPTIONS = {
  profile: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  all: { type: 'boolean', default: false },
  file: { type: 'string' },
  for: { type: 'boolean', default: false },
  against: { type: 'boolean', default: false },
  ...PASSPHRASE_OPTIONS,
} as const;
type Values = ReturnType<typeof parseOptions>['values'];

type Call = {
  readonly values: Values;
  readonly words: readonly string[];
  readonly members: Membership;
  readonly io: CommandIo;
  readonly locale: Locale;
};

type Outcome = { readonly document: unknown; readonly lines: readonly string[] };

const verbs: Readonly<Record<string, (call: Call) => Promise<Outcome>>> = {
  list: async ({ members, locale }) => {
    const all = await members.list();
    return { document: { members: all }, lines: all.map((member) => memberLine(member, locale)) };
  },
  show: async ({ members, words, locale }) => {
    const document = await members.show(wordAt(words, 0, 'ORG'));
    return { document, lines: [memberText(document.member, document.history, locale)] };
  },
  proposals: async ({ members, values, locale }) => {
    const proposals = await members.proposals(values.all ? 'all' : 'open');
    const lines = proposals.map((proposal) => proposalText(proposal, locale));
    return { document: { proposals }, lines: lines.length > 0 ? lines : [messageFor('PROPOSAL_NONE', {}, locale)] };
  },
  propose: async (call) => outcome(await call.members.propose(await proposal(call)), call.locale),
  vote: async ({ members, words, values, locale }) =>
    outcome(await members.vote(proposalIdFrom(wordAt(words, 0, 'ID')), supportFrom(values)), locale),
  settle: async ({ members, words, locale }) =>
    outcome(await members.settle(proposalIdFrom(wordAt(words, 0, 'ID'))), locale),
  endpoint: async ({ members, words, locale }) => {
    const endpoint = parseDocument(endpointSchema, wordAt(words, 0, 'URL'), 'endpoint');
    const document = await members.setEndpoint(endpoint);
    return { document, lines: [memberLine(document.member, locale)] };
  },
};

/**
 * Runs the command.
 * @param argv - the arguments after `member`.
 * @returns the exit code.
 */
export async function runMemberCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name = '', ...rest] = argv;
  let locale = io.locale;
  try {
    const { values, positionals } = parseOptions(rest);
    if (values.lang === 'en' || values.lang === 'zh-CN') locale = values.lang;
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (verb === undefined || values.profile === undefined) {
      io.stderr(`${messageFor('MEMBER_USAGE', {}, locale)}\n`);
      return EXIT_UNREADABLE;
    }
    const member = await openMember(values.profile, values);
    const call = { values, words: positionals, members: openMembers(member), io, locale };
    const { document, lines } = await verb(call);
    io.stdout(values.json ? `${JSON.stringify(document)}\n` : lines.map((line) => `${line}\n`).join(''));
    return EXIT_HOLDS;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

function outcome(proposal: ProposalView, locale: Locale): Outcome {
  return { document: proposal, lines: [proposalText(proposal, locale)] };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'member', reason }, { cause });
  }
}

function proposal({ words, values: { file }, io }: Call): Promise<ProposalInput> {
  return proposalFrom(
    (index, name) => wordAt(words, index, name),
    () => readText(file, io),
  );
}

async function readText(path: string | undefined, io: CommandIo): Promise<string> {
  if (path === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: '--file', reason: 'missing' });
  try {
    return await io.readFile(path);
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file: path }, { cause });
  }
}

function wordAt(words: readonly string[], index: number, name: string): string {
  const word = words[index];
  if (word === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: name, reason: 'missing' });
  return word;
}
