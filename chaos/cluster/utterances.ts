import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const WARNING = 40;

/** What a process says in its log from a moment on: warnings and errors, each message once. */
export class Utterances {
  private readonly file: string;
  private readonly from: number;

  constructor(folder: string) {
    this.file = path.join(folder, 'log.jsonl');
    this.from = existsSync(this.file) ? statSync(this.file).size : 0;
  }

  troubles(): string[] {
    const lines = readFileSync(this.file).subarray(this.from).toString('utf8').split('\n');
    return [...new Set(lines.flatMap((line) => troubleIn(line) ?? []))];
  }
}

/** The invariant whose breach ended the process of this folder last, or null: it ended for another reason. */
export function brokenInvariant(folder: string): string | null {
  const file = path.join(folder, 'log.jsonl');
  if (!existsSync(file)) return null;
  const line = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1);
  const { err } = parse(line ?? '') ?? {};
  return err?.type === 'InvariantError' ? (err.message ?? '') : null;
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly type?: string; readonly message?: string };
}

function troubleIn(line: string): string | null {
  const parsed = parse(line);
  if (parsed === null || parsed.level < WARNING) return null;
  const { msg, err } = parsed;
  return err?.message === undefined ? msg : `${msg}: ${err.message}`;
}

/** A process that was killed while it wrote may have left half a line. */
function parse(line: string): Line | null {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return null;
  }
}
