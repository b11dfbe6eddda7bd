/** What the operator's channel takes for questions about a request: the requester answers them over its own call. */
import { MAX_QUESTIONS, questionSchema, questionText } from '@sealedger/protocol/request-status.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { storedDocument } from '../compute/computations.ts';
import { askQuestion, questionsOf, questionView } from '../request/questions.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { questionParts } from './request-exchange.ts';

/** The contracts, for the command line. */
export const questionContracts = {
  ask: {
    name: 'request.ask',
    summary: 'ADMIN_REQUEST_ASK',
    input: z.strictObject({ requestId: hex32, text: questionText }),
    output: questionSchema,
  },
  questions: {
    name: 'request.questions',
    summary: 'ADMIN_REQUEST_QUESTIONS',
    input: z.strictObject({ requestId: hex32 }),
    output: z.strictObject({ questions: z.array(questionSchema).max(MAX_QUESTIONS) }),
  },
} as const;

/** The commands of a running node. */
export function adminQuestions(parts: NodeParts): readonly AdminCommand[] {
  const asking = questionParts(parts);
  return [
    {
      ...adminCommand(questionContracts.ask, async ({ requestId, text }, { actor }) => {
        await storedDocument(parts.state, requestId);
        return questionView(await askQuestion(asking, requestId, text, actor), true);
      }),
      roles: ['approver', 'steward', 'operator'],
    },
    adminCommand(questionContracts.questions, async ({ requestId }) => ({
      questions: (await questionsOf(parts.state, requestId)).map((question) => questionView(question, true)),
    })),
  ];
}
