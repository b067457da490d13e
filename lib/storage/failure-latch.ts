import { TepuiError } from '../base/index.js';

/** Remembers the first failed write or sync of a session and refuses everything after it. */
export class FailureLatch {
  private first: TepuiError | null = null;
  private readonly onFailure: (error: TepuiError) => void;

  constructor(onFailure: (error: TepuiError) => void) {
    this.onFailure = onFailure;
  }

  /** Throws the first failure, if there was one. */
  check(): void {
    if (this.first !== null) throw this.first;
  }

  /** Closes the latch (the first time; `damaged`: not the disk refused, what is on it is wrong) and returns the failure that every later call meets. */
  fail(what: string, cause: unknown, damaged: boolean = false): TepuiError {
    if (this.first === null) {
      this.first = storageError(what, cause, damaged);
      this.onFailure(this.first);
    }
    return this.first;
  }
}

export function storageError(what: string, cause: unknown, damaged: boolean = false): TepuiError {
  const noSpace = isNoSpace(cause);
  return new TepuiError('STORAGE', `${what}: ${messageOf(cause)}`, { fields: { noSpace, damaged }, cause });
}

/** A call that came after closing: the process is on its way out, nothing is wrong with the disk. */
export function closedError(what: string): TepuiError {
  return new TepuiError('SHUTTING_DOWN', `${what} is closed`);
}

/** Whether an error of the file system or of LevelDB says that the disk (or the quota) is full. */
export function isNoSpace(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    const code = (e as { code?: unknown }).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (/no space left|quota exceeded/i.test(e.message)) return true;
  }
  return false;
}

/** The message of an error with those of its causes: LevelDB puts the reason in the cause. */
export function messageOf(error: unknown): string {
  const parts: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) parts.push(e.message);
  return parts.length > 0 ? parts.join(': ') : String(error);
}
