/** `sealedger withdraw ID`: takes a request back, or ends it where it is in use; gates then erase their keys. */
import { type BankCommand, requestNamed, runBankCommand } from './bank-command.ts';
import type { CommandIo } from './verify-command.ts';

const withdrawCommand: BankCommand = {
  usage: 'BANK_WITHDRAW_USAGE',
  options: [],
  words: [1, 1],
  run: async (call) => {
    const requestId = await requestNamed(call, call.words[0]);
    const state = await call.bank.withdraw(requestId);
    const code = state === 'withdrawn' ? 'BANK_WITHDRAWN' : 'BANK_COMPLETED';
    return { document: { requestId, state }, lines: [call.text(code, { requestId })] };
  },
};

export function runWithdrawCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(withdrawCommand, argv, io);
}
