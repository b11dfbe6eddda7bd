/** Directories and tables that end with their test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';

/** A fresh directory, removed after the test, or after the file where no test is given. */
export async function temporaryDirectory(t?: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sealedger-node-'));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  if (t === undefined) after(remove);
  else t.after(remove);
  return path;
}

/** Writes a table. @returns its path. */
export async function writeTable(directory: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** CSV text of rows, with a header. */
export function csvOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${[header, ...rows].map((cells) => cells.join(',')).join('\n')}\n`;
}
