/**
 * A CSV file as UTF-8 with known columns. What is not UTF-8 is written once, as UTF-8, into the node's work directory.
 *
 * Nothing about the form is guessed: the delimiter is declared, and an encoding is declared or certain (a byte order
 * mark, or well-formed UTF-8 to the end). A refusal says what would read the file.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { DELIMITERS, type Delimiter, firstBytes, headerNames } from './csv-header.ts';
import { MAX_ROW_BYTES } from './engine.ts';
import { quoteText } from './sql-text.ts';

export const ENCODINGS = ['utf-8', 'gb18030', 'gbk', 'utf-16le', 'utf-16be'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** A UTF-8 file beside its column names and the arguments by which DuckDB reads it. */
export interface Utf8Csv {
  readonly path: string;
  readonly names: readonly string[];
  readonly form: string;
}

const MEBIBYTE = 1 << 20;
/** How much of a file is tried when a refusal looks for the right encoding. */
const TRIED_BYTES = 64 * MEBIBYTE;

/**
 * @param work - directory for the link or the copy; @param diskMb - bound of a copy.
 * @throws {ProtocolError} SOURCE_ENCODING, SOURCE_DELIMITER, SOURCE_TOO_WIDE, SOURCE_LINE_TOO_LONG, SOURCE_MEMORY; errors of the header
 */
export async function openCsv(
  source: { readonly file: string; readonly encoding?: Encoding | undefined; readonly delimiter: Delimiter },
  work: string,
  diskMb: number,
  deadline: AbortSignal,
): Promise<Utf8Csv> {
  const { file, delimiter } = source;
  const encoding = await encodingOf(file, source.encoding);
  const path = join(work, 'source.csv');
  if (encoding === 'utf-8') await symlink(file, path);
  else await transcode(file, encoding, path, diskMb, deadline);
  const names = await headerNames(path, delimiter);
  const instead = DELIMITERS.find((other) => other !== delimiter && names[0]!.includes(other));
  if (names.length === 1 && instead !== undefined) {
    throw new ProtocolError('SOURCE_DELIMITER', {
      file: basename(file),
      delimiter: shown(delimiter),
      instead: shown(instead),
    });
  }
  return { path, names, form: csvForm(delimiter) };
}

/** The one form in which tables are read: RFC 4180 with a declared delimiter; a quoted empty cell is no missing one. */
export function csvForm(delimiter: Delimiter): string {
  return [
    'header = true, auto_detect = false, strict_mode = true, allow_quoted_nulls = false',
    `compression = 'none', max_line_size = ${MAX_ROW_BYTES}`,
    `delim = ${quoteText(delimiter)}, quote = '"', escape = '"'`,
  ].join(', ');
}

/** @throws {ProtocolError} SOURCE_ENCODING where what is declared and what is there differ, or nothing is certain. */
async function encodingOf(file: string, declared: Encoding | undefined): Promise<Encoding> {
  const { bytes } = await firstBytes(file);
  const marked = markOf(bytes);
  if (marked === 'utf-32') throw wrongEncoding(file, declared ?? 'utf-8', 'utf-8');
  if (declared !== undefined) {
    if (marked !== undefined && marked !== declared) throw wrongEncoding(file, declared, `encoding: ${marked}`);
    if (declared === 'utf-8') await assertUtf8(file, declared);
    return declared;
  }
  if (marked === 'utf-16le' || marked === 'utf-16be') return marked;
  await assertUtf8(file, 'utf-8');
  return 'utf-8';
}

function markOf(bytes: Buffer): Encoding | 'utf-32' | undefined {
  const head = bytes.subarray(0, 4).toString('hex');
  if (head === 'fffe0000' || head === '0000feff') return 'utf-32';
  if (head.startsWith('efbbbf')) return 'utf-8';
  if (head.startsWith('fffe')) return 'utf-16le';
  return head.startsWith('feff') ? 'utf-16be' : undefined;
}

async function assertUtf8(file: string, declared: Encoding): Promise<void> {
  const { bytes, isWhole } = await firstBytes(file);
  const hasZero = bytes.includes(0);
  if (!hasZero && isWellFormed(bytes, 'utf-8', isWhole)) return;
  throw wrongEncoding(file, declared, await readableAs(file, hasZero));
}

function isWellFormed(bytes: Buffer, encoding: Encoding, isWhole: boolean): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}

/** An encoding in which the file's first part is well-formed; for a refusal only, never to read by it. */
async function readableAs(file: string, hasZero: boolean): Promise<string> {
  const { size } = await stat(file);
  for (const encoding of hasZero ? (['utf-16le', 'utf-16be'] as const) : (['gb18030'] as const)) {
    const decoder = new TextDecoder(encoding, { fatal: true });
    try {
      let text = '';
      for await (const part of createReadStream(file, { end: TRIED_BYTES - 1, highWaterMark: MEBIBYTE })) {
        text = decoder.decode(part as Buffer, { stream: true });
        if (text.includes('\0')) throw new Error('zero');
      }
      if (size <= TRIED_BYTES) decoder.decode();
      return `encoding: ${encoding}`;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
  return 'a copy of the file in UTF-8';
}

/** Why a UTF-8 file was refused in the middle: its encoding, where that is the reason. */
export async function encodingFault(file: string): Promise<ProtocolError | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const part of createReadStream(file, { highWaterMark: MEBIBYTE }))
      decoder.decode(part as Buffer, { stream: true });
    decoder.decode();
    return undefined;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return wrongEncoding(file, 'utf-8', await readableAs(file, false));
  }
}

function wrongEncoding(file: string, encoding: string, instead: string): ProtocolError {
  return new ProtocolError('SOURCE_ENCODING', { file: basename(file), encoding, instead });
}

/** Writes the file as UTF-8, part by part; a line past the bound ends it early. */
async function transcode(
  file: string,
  encoding: Encoding,
  target: string,
  diskMb: number,
  deadline: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const meter = createLineMeter(basename(file), diskMb);
  const decoded = async function* (parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of parts) yield meter(decoder.decode(part, { stream: true }));
    yield meter(decoder.decode());
  };
  const source = createReadStream(file, { highWaterMark: MEBIBYTE });
  try {
    await pipeline(source, decoded, createWriteStream(target, { flags: 'wx', mode: 0o600 }), { signal: deadline });
  } catch (error) {
    if (error instanceof TypeError) throw wrongEncoding(file, encoding, 'the encoding that it was written in');
    throw error;
  }
}

/** Passes text on as bytes, and refuses the line that is too long and the file that is too large. */
function createLineMeter(file: string, diskMb: number): (text: string) => Buffer {
  let [line, lineBytes, written] = [1, 0, 0];
  return (text) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(0x0a, at);
      lineBytes += (end < 0 ? bytes.length : end) - at;
      if (lineBytes > MAX_ROW_BYTES)
        throw new ProtocolError('SOURCE_LINE_TOO_LONG', { file, line, limitBytes: MAX_ROW_BYTES });
      if (end < 0) break;
      [line, lineBytes, at] = [line + 1, 0, end + 1];
    }
    written += bytes.length;
    if (written > diskMb * MEBIBYTE) throw new ProtocolError('SOURCE_MEMORY', { memoryMb: 0, diskMb });
    return bytes;
  };
}

function shown(delimiter: Delimiter): string {
  return delimiter === '\t' ? '\\t' : delimiter;
}
