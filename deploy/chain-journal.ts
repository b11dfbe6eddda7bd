/**
 * Journal of the embedded chain: what it takes to build the same chain again.
 *
 * One JSON object per line. The first names the chain; each further one holds a signed transaction, the time of its block
 * and the hash that the block came out with. A line is on disk before the answer that it stands for leaves.
 */
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { z } from 'zod';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const headerSchema = z.strictObject({
  journal: z.literal(domains.chainJournal),
  chainId: z.int().min(1),
  /** Unix seconds of block 0. */
  genesisSeconds: z.int().min(0),
  genesisHash: hex32,
});
const entrySchema = z.strictObject({
  /** Signed transaction, `0x` hex. */
  raw: z.string().regex(/^0x([0-9a-f]{2})+$/i),
  /** Unix seconds of its block. */
  timestamp: z.int().min(0),
  blockHash: hex32,
});

export type JournalHeader = z.infer<typeof headerSchema>;
export type JournalEntry = z.infer<typeof entrySchema>;
export type JournalContent = {
  readonly header: JournalHeader;
  readonly entries: readonly JournalEntry[];
  /** Bytes of a last line that was never finished, and therefore never answered. */
  readonly tornBytes: number;
};

export type Journal = {
  /** Resolves once the line is on disk. */
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
};

const NEWLINE = 0x0a;

/**
 * Reads a journal and cuts off a torn last line.
 * @returns null where there is none yet, or nothing but a torn header.
 * @throws {ProtocolError} CHAIN_JOURNAL_CORRUPT with the number of the first line that is not one of ours.
 */
export async function readJournal(path: string): Promise<JournalContent | null> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw cause;
  });
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const tornBytes = bytes.length - wholeBytes;
  if (tornBytes > 0) await truncate(path, wholeBytes);
  if (wholeBytes === 0) return null;
  const lines = bytes.toString('utf8', 0, wholeBytes - 1).split('\n');
  const header = parseLine(headerSchema, lines[0]!, 1);
  return { header, entries: lines.slice(1).map((line, i) => parseLine(entrySchema, line, i + 2)), tornBytes };
}

/** Opens a journal for appending. @param header - given for a new journal, which then begins with it. */
export async function openJournal(path: string, header: JournalHeader | null): Promise<Journal> {
  const file = await open(path, 'a', 0o600);
  if (header !== null) {
    await writeLine(file, header);
    await syncDirectory(dirname(path));
  }
  return { append: (entry) => writeLine(file, entry), close: () => file.close() };
}

/** Makes a new name in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeLine(file: FileHandle, value: JournalHeader | JournalEntry): Promise<void> {
  await file.appendFile(`${JSON.stringify(value)}\n`);
  await file.datasync();
}

function parseLine<T extends z.ZodType>(schema: T, line: string, number: number): z.infer<T> {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new ProtocolError('CHAIN_JOURNAL_CORRUPT', { line: number, reason: 'not a line of a journal' }, { cause });
  }
}
