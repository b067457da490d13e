import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError } from '../base/index.js';

/**
 * Damage that LevelDB meets in the background, while it compacts, fails every write from then on, and the next start may
 * find nothing wrong until it compacts again. So what was found is written down in the folder, which is then not opened
 * again but set aside.
 */
const MARK = 'found-damaged';

/**
 * Other damage fails an assertion of LevelDB, which ends the process before it can say anything: while a database is
 * opened or read, or while it is compacted a moment later. So each start leaves a note in the folder, which a proper end
 * removes: how many starts in a row did not get so far as to have read all of it, and how many ended soon. After some of
 * the latter everything is compacted before it is believed; after some of the former the folder is set aside.
 */
const ATTEMPTS = 'opening';
const MOST_ATTEMPTS = 3;
const MOST_SHORT = 2;
const SHORT_MS = 60_000;

export interface Attempts {
  /** Starts in a row, this one included, that have not read everything. */
  readonly unread: number;
  /** Starts in a row before this one that ended within a minute, and not properly. */
  readonly short: number;
  /** There are so many of the latter that everything should be compacted before it is believed. */
  readonly isDoubtful: boolean;
}

/** Counts this start. Throws DAMAGED when the folder is not to be opened. */
export async function beginAttempt(folder: string): Promise<Attempts> {
  const mark = await readMark(folder, MARK);
  if (mark !== null) throw new TepuiError('DAMAGED', `${folder} was found damaged while in use: ${mark}`);
  const [unread = 0, short = 0] = ((await readMark(folder, ATTEMPTS)) ?? '')
    .split(' ')
    .map((text) => Number(text) || 0);
  if (unread >= MOST_ATTEMPTS) {
    const message = `${folder}: ${unread} starts in a row ended while they opened or read it`;
    throw new TepuiError('DAMAGED', message);
  }
  const before = await changedMs(folder, ATTEMPTS);
  noteAttempts(folder, { unread: unread + 1, short });
  const isShort = before !== null && ((await changedMs(folder, ATTEMPTS)) ?? before) - before < SHORT_MS;
  const shortNow = isShort ? short + 1 : 0;
  noteAttempts(folder, { unread: unread + 1, short: shortNow });
  return { unread: unread + 1, short: shortNow, isDoubtful: shortNow >= MOST_SHORT };
}

export function noteAttempts(folder: string, { unread, short }: Pick<Attempts, 'unread' | 'short'>): void {
  writeMark(folder, ATTEMPTS, `${unread} ${short}`);
}

async function changedMs(folder: string, name: string): Promise<number | null> {
  try {
    return (await stat(join(folder, name))).mtimeMs;
  } catch {
    return null;
  }
}

async function readMark(folder: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch {
    return null;
  }
}

/** A proper end, or an error that was told: nothing to suspect. */
export async function endAttempts(folder: string): Promise<void> {
  await rm(join(folder, ATTEMPTS), { force: true }).catch(() => undefined);
}

/** The next start sets the folder aside. */
export function noteDamage(folder: string, message: string): void {
  writeMark(folder, MARK, message);
}

function writeMark(folder: string, name: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), text, { flush: name === MARK });
  } catch {
    // The disk takes nothing more: then this start says so itself.
  }
}
