/** The first line of a CSV table (RFC 4180): its column names, read within a bound whatever the file holds. */
import { type FileHandle, open } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';

export const MAX_HEADER_BYTES = 1 << 20;
/** As many as a catalogue entry may declare. */
export const MAX_COLUMNS = 4096;

export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** The first bytes of a file, at most {@link MAX_HEADER_BYTES}, and whether the file ends with them. */
export async function firstBytes(path: string): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const buffer = Buffer.alloc(MAX_HEADER_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return { bytes: buffer.subarray(0, Math.min(bytesRead, MAX_HEADER_BYTES)), isWhole: bytesRead <= MAX_HEADER_BYTES };
  } finally {
    await file?.close();
  }
}

/**
 * The names in a UTF-8 table's first line, in its order; an unnamed column is called by its place.
 * @throws {ProtocolError} SOURCE_TOO_WIDE; @throws {Error} naming line 1 where the line is no header; file system errors.
 */
export async function headerNames(path: string, delimiter: Delimiter): Promise<readonly string[]> {
  const { bytes, isWhole } = await firstBytes(path);
  const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  if (end < 0 && !isWhole)
    throw new ProtocolError('SOURCE_TOO_WIDE', { limitBytes: MAX_HEADER_BYTES, limit: MAX_COLUMNS });
  const line = new TextDecoder('utf-8', { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
  const names = parseHeader(line, delimiter).map((name, i) => name || `column${i}`);
  if (names.length > MAX_COLUMNS) {
    throw new ProtocolError('SOURCE_TOO_WIDE', { limitBytes: MAX_HEADER_BYTES, limit: MAX_COLUMNS });
  }
  if (new Set(names).size !== names.length) throw new Error('line 1');
  return names;
}

/** @throws {Error} naming line 1 where the text is empty or not well-formed. */
function parseHeader(line: string, delimiter: Delimiter): string[] {
  const separator = delimiter === '|' ? '\\|' : delimiter;
  // A field: quoted with doubled quotes inside, or plain; then what ends it.
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r|\\n|$)`, 'y');
  const names: string[] = [];
  for (;;) {
    const field = pattern.exec(line);
    if (field === null || line.trim() === '') throw new Error('line 1');
    names.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? '');
    if (field[3] !== delimiter) return names;
  }
}
