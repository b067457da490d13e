import { ByteReader, ByteWriter } from '../base/index.js';
import type { RaftLog } from '../storage/types.js';

/** The note beside the log. */
export const HALT_NOTE = 'halted';
const NOTE = HALT_NOTE;

/** An entry that this release could not apply. */
export interface Halt {
  readonly index: number;
  /** Another release applies it again: it may know better. */
  readonly release: string;
  /** What was thrown; empty when an older release wrote the note. */
  readonly reason: string;
}

export function readHalt(log: RaftLog): Halt | null {
  const note = log.note(NOTE);
  return note === null ? null : decodeHalt(note);
}

export function decodeHalt(note: Uint8Array): Halt {
  const reader = new ByteReader(note);
  return { index: reader.uint(), release: reader.text(), reason: reader.remaining > 0 ? reader.text() : '' };
}

/** Kept beside the log, so that a restart does not run into the same entry again. */
export function writeHalt(log: RaftLog, { index, release, reason }: Halt): Promise<void> {
  return log.writeNote(NOTE, new ByteWriter(32).uint(index).text(release).text(reason).finish());
}

export function clearHalt(log: RaftLog): Promise<void> {
  return log.writeNote(NOTE, null);
}
