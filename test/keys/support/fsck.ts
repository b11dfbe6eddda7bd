/** `sealedger-node fsck` in this process. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fsckCommand } from '@sealedger/node/cli/fsck-command.ts';
import { TEST_PASSPHRASE } from './keystores.ts';

export interface FsckAnswer {
  readonly verdict: string;
  readonly size: number;
  readonly unchecked: readonly unknown[];
  readonly difference: unknown;
}

export async function fsck(config: string, directory: string): Promise<FsckAnswer> {
  const passphraseFile = join(directory, 'fsck-passphrase');
  await writeFile(passphraseFile, TEST_PASSPHRASE, { mode: 0o600 });
  let stdout = '';
  const io = { stdout: (text: string) => void (stdout += text), stderr: () => undefined, locale: 'en' as const };
  await fsckCommand(['--config', config, '--json', '--passphrase-file', passphraseFile], io);
  return JSON.parse(stdout) as FsckAnswer;
}
