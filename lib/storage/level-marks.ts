import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
 * removes: how many starts in a row did not get so far as to have read all of it, and how many ended soon. That proves
 * nothing (a process may be killed, or run out of memory, on every member alike), so after some of either another
 * process reads and compacts all of it first: only if that one meets damage too is the folder set aside.
 */
const ATTEMPTS = 'opening';
const ENOUGH = 2;
const SHORT_MS = 60_000;

/** Of the probe: LevelDB said that its files are damaged. */
const EXIT_DAMAGED = 3;

/** Signals by which a process ends through its own fault. */
const FAULTS: readonly (NodeJS.Signals | null)[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'];

export interface Attempts {
  /** Starts in a row, this one included, that have not read everything. */
  readonly unread: number;
  /** Starts in a row before this one that ended within a minute, and not properly. */
  readonly short: number;
}

/** Counts this start. Throws DAMAGED when the folder is not to be opened. */
export async function beginAttempt(folder: string): Promise<Attempts> {
  const mark = await readMark(folder, MARK);
  if (mark !== null) throw new TepuiError('DAMAGED', `${folder} was found damaged while in use: ${mark}`);
  const [unread = 0, short = 0] = ((await readMark(folder, ATTEMPTS)) ?? '')
    .split(' ')
    .map((text) => Number(text) || 0);
  const before = await changedMs(folder, ATTEMPTS);
  noteAttempts(folder, { unread: unread + 1, short });
  const isShort = before !== null && ((await changedMs(folder, ATTEMPTS)) ?? before) - before < SHORT_MS;
  const attempts = { unread: unread + 1, short: isShort ? short + 1 : 0 };
  noteAttempts(folder, attempts);
  if (unread >= ENOUGH || attempts.short >= ENOUGH) await probe(folder);
  return attempts;
}

async function probe(folder: string): Promise<void> {
  const program = fileURLToPath(new URL('level-probe.js', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (!FAULTS.includes(signal) && code !== EXIT_DAMAGED) return;
  const message = `another process read and compacted it, and ended with ${signal ?? 'an error of LevelDB'}`;
  noteDamage(folder, message);
  throw new TepuiError('DAMAGED', `${folder}: ${message}`);
}

export function noteAttempts(folder: string, { unread, short }: Attempts): void {
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
