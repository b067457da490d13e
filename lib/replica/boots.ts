import { ByteReader, ByteWriter, type NodeId } from '../base/index.js';
import type { RaftLog } from '../storage/types.js';

const NOTE = 'boots';

/**
 * The highest boot number seen of each folder, kept beside the log. Boot numbers are raised at every start, so a
 * folder that shows a lower one than before is a copy from the past: it has forgotten votes.
 */
export class Boots {
  private readonly log: RaftLog;
  private readonly seen: Map<NodeId, number>;
  private readonly fatal: (error: unknown) => void;

  constructor(log: RaftLog, fatal: (error: unknown) => void) {
    this.log = log;
    this.fatal = fatal;
    this.seen = decode(log.note(NOTE));
  }

  highest(node: NodeId): number {
    return this.seen.get(node) ?? 0;
  }

  /** Writes only what is news: when a peer started anew. */
  saw(node: NodeId, boot: number): void {
    if (boot <= this.highest(node)) return;
    this.seen.set(node, boot);
    this.log.writeNote(NOTE, encode(this.seen)).catch(this.fatal);
  }
}

function encode(seen: ReadonlyMap<NodeId, number>): Uint8Array {
  const writer = new ByteWriter(128).uint(seen.size);
  for (const [node, boot] of seen) writer.text(node).uint(boot);
  return writer.finish();
}

function decode(note: Uint8Array | null): Map<NodeId, number> {
  const seen = new Map<NodeId, number>();
  if (note === null) return seen;
  const reader = new ByteReader(note);
  for (let left = reader.uint(); left > 0; left--) seen.set(reader.text() as NodeId, reader.uint());
  return seen;
}
