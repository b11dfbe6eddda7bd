/**
 * `sealedger-node member …`: the consortium's members and votes, with the account of the running node.
 *
 * Exit 0 where it is done, 2 for usage and refusals.
 */
import { readFile } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { memberLine, memberText, proposalText } from '@sealedger/protocol/membership/text.ts';
import { endpointSchema, type ProposalView } from '@sealedger/protocol/membership/views.ts';
import { proposalFrom, proposalIdFrom, supportFrom } from '@sealedger/protocol/membership/words.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { memberContracts } from '../services/admin-members.ts';
import { type AdminCall, needed, runVerb, tell, type Verb } from './call-options.ts';
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
      tellProposal(
        call,
        await call.ask(memberContracts.propose, { proposal: await proposalFrom(call.word, () => readText(call)) }),
      ),
    vote: async (call) => {
      const support = supportFrom({ for: flags.has('--for'), against: flags.has('--against') });
      const input = { proposalId: proposalIdFrom(call.word(0, 'ID')), support };
      return tellProposal(call, await call.ask(memberContracts.vote, input));
    },
    settle: async (call) =>
      tellProposal(call, await call.ask(memberContracts.settle, { proposalId: proposalIdFrom(call.word(0, 'ID')) })),
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

async function readText(call: AdminCall): Promise<string> {
  const file = needed(call, 'file');
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file }, { cause });
  }
}
