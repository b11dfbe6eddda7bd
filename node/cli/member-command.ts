/**
 * `sealedger-node member …`: the consortium's members and votes, with the account of the running node.
 *
 * Exit 0 where it is done, 2 for usage and refusals.
 */
import { readFile } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { memberLine, memberText, proposalText } from '@sealedger/protocol/membership/text.ts';
import {
  admissionSchema,
  endpointSchema,
  type ProposalInput,
  type ProposalView,
  proposalInputSchema,
  publicKeysSchema,
} from '@sealedger/protocol/membership/views.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { memberContracts } from '../services/admin-members.ts';
import { type AdminCall, runVerb, tell, type Verb } from './call-options.ts';
import type { NodeCommand } from './command.ts';

const FLAGS = ['--for', '--against', '--all'] as const;

/** Flags are words of this command alone, so they are read before the options that all commands share. */
export const memberCommand: NodeCommand = (argv, io) => {
  const flags = new Set(argv.filter((word) => FLAGS.some((flag) => flag === word)));
  const rest = argv.filter((word) => !flags.has(word));
  return runVerb(rest, io, verbsWith(flags), ['file'], 'MEMBER_NODE_USAGE');
};

function verbsWith(flags: ReadonlySet<string>): Readonly<Record<string, Verb>> {
  return {
    list: async (call) => {
      const answer = await call.ask(memberContracts.list, {});
      const lines = answer.members.map((member) => `${memberLine(member, call.io.locale)}\n`);
      return tell(call, answer, lines.join(''));
    },
    show: async (call) => {
      const answer = await call.ask(memberContracts.show, { org: call.word(0, 'ORG') });
      return tell(call, answer, `${memberText(answer.member, answer.history, call.io.locale)}\n`);
    },
    proposals: async (call) => {
      const answer = await call.ask(memberContracts.proposals, { which: flags.has('--all') ? 'all' : 'open' });
      const lines = answer.proposals.map((proposal) => `${proposalText(proposal, call.io.locale)}\n`);
      const none = `${messageFor('PROPOSAL_NONE', {}, call.io.locale)}\n`;
      return tell(call, answer, lines.length > 0 ? lines.join('') : none);
    },
    propose: async (call) =>
      tellProposal(call, await call.ask(memberContracts.propose, { proposal: await proposalOf(call) })),
    vote: async (call) => {
      const input = { proposalId: proposalIdOf(call), support: supportOf(flags) };
      return tellProposal(call, await call.ask(memberContracts.vote, input));
    },
    settle: async (call) =>
      tellProposal(call, await call.ask(memberContracts.settle, { proposalId: proposalIdOf(call) })),
    endpoint: async (call) => {
      const endpoint = parseDocument(endpointSchema, call.word(0, 'URL'), 'endpoint');
      const answer = await call.ask(memberContracts.endpoint, { endpoint });
      return tell(call, answer, `${memberLine(answer.member, call.io.locale)}\n`);
    },
  };
}

function tellProposal(call: AdminCall, proposal: ProposalView): Promise<number> {
  return tell(call, proposal, `${proposalText(proposal, call.io.locale)}\n`);
}

/** @throws {ProtocolError} ARGUMENT_INVALID, SCHEMA_MISMATCH */
async function proposalOf(call: AdminCall): Promise<ProposalInput> {
  const kind = call.word(0, 'admit | suspend | reinstate | roles | keys');
  switch (kind) {
    case 'admit':
      return { kind, admission: parseJson(admissionSchema, await readText(call), 'admission') };
    case 'keys': {
      const keys = parseJson(publicKeysSchema, await readText(call), 'keys');
      return parseDocument(proposalInputSchema, { kind: 'set-keys', org: call.word(1, 'ORG'), keys }, 'proposal');
    }
    case 'roles': {
      const roles = call.word(2, 'ROLE,…').split(',');
      return parseDocument(proposalInputSchema, { kind: 'set-roles', org: call.word(1, 'ORG'), roles }, 'proposal');
    }
    default:
      return parseDocument(proposalInputSchema, { kind, org: call.word(1, 'ORG') }, 'proposal');
  }
}

async function readText(call: AdminCall): Promise<string> {
  const file = call.option('file');
  if (file === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: '--file', reason: 'missing' });
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file }, { cause });
  }
}

function supportOf(flags: ReadonlySet<string>): 'for' | 'against' {
  if (flags.has('--for') === flags.has('--against')) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'vote', reason: '--for | --against' });
  }
  return flags.has('--for') ? 'for' : 'against';
}

function proposalIdOf(call: AdminCall): number {
  const text = call.word(0, 'ID');
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new ProtocolError('ARGUMENT_INVALID', { argument: 'ID', reason: 'a whole number from 1' });
}
