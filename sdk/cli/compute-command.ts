/** `sealedger compute ID`: opens an attempt and collects the sealed table, of which nothing can be read yet. */
import { type BankCommand, requestNamed, runBankCommand } from './bank-command.ts';
import type { CommandIo } from './verify-command.ts';

const computeCommand: BankCommand = {
  usage: 'BANK_COMPUTE_USAGE',
  options: [],
  words: [1, 1],
  isExclusive: true,
  run: async (call) => {
    const requestId = await requestNamed(call, call.words[0]);
    let told = 0;
    const { people, computationId } = await call.bank.compute(requestId, ({ received, expected }) => {
      const percent = Math.floor((100 * received) / expected);
      if (percent < told + 10 && received < expected) return;
      told = percent;
      call.progress(call.text('BANK_COMPUTE_PROGRESS', { percent }));
    });
    return {
      document: { requestId, computationId, people },
      lines: [call.text('BANK_COMPUTED', { requestId, people, computationId })],
    };
  },
};

export function runComputeCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(computeCommand, argv, io);
}
