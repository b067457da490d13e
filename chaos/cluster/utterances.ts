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

/** A process that was killed while it wrote may have left half a line. */
function troubleIn(line: string): string | null {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level: number;
      msg: string;
      err?: { message?: string };
    };
    if (level < WARNING) return null;
    return err?.message === undefined ? msg : `${msg}: ${err.message}`;
  } catch {
    return null;
  }
}
