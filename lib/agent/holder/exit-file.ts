import fs from 'node:fs/promises';
import path from 'node:path';
import type { Exit } from '../types.js';

/** `exit.json` in the sandbox: the end of a task for people, tools, and a later holder. */
interface ExitFile {
  readonly exitCode?: number;
  readonly signal?: string;
  /** ISO 8601. */
  readonly time: string;
  readonly killed: boolean;
  readonly run: string;
}

export interface RecordedExit {
  readonly exit: Exit;
  readonly killed: boolean;
}

const NAME = 'exit.json';

/** Written beside, synced, renamed, and the folder synced: it is there whole or not at all. */
export async function writeExitFile(sandbox: string, run: string, recorded: RecordedExit): Promise<void> {
  const { atMs, ...how } = recorded.exit;
  const content: ExitFile = { ...how, time: new Date(atMs).toISOString(), killed: recorded.killed, run };
  const temporary = path.join(sandbox, `.${NAME}.${run}`);
  const file = await fs.open(temporary, 'w', 0o644);
  try {
    await file.writeFile(`${JSON.stringify(content)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path.join(sandbox, NAME));
  const folder = await fs.open(sandbox, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The recorded end of exactly this run; undefined when there is none. */
export async function readExitFile(sandbox: string, run: string): Promise<RecordedExit | undefined> {
  const content = await parseFile(path.join(sandbox, NAME));
  if (content?.run !== run) return undefined;
  const atMs = Date.parse(content.time);
  if (typeof content.exitCode === 'number') {
    return { exit: { exitCode: content.exitCode, atMs }, killed: content.killed };
  }
  if (typeof content.signal === 'string') {
    return { exit: { signal: content.signal, atMs }, killed: content.killed };
  }
  return undefined;
}

/** A task may have put anything there, so nothing about it is an error. */
async function parseFile(
  file: string,
): Promise<(Partial<ExitFile> & { time: string; killed: boolean }) | undefined> {
  try {
    const content: unknown = JSON.parse(await fs.readFile(file, 'utf8'));
    if (typeof content !== 'object' || content === null) return undefined;
    const fields = content as Partial<ExitFile>;
    return { ...fields, time: String(fields.time), killed: fields.killed === true };
  } catch {
    return undefined;
  }
}
