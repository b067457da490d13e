import { ByteReader, ByteWriter, type NodeId } from '../base/index.js';
import type { RaftLog } from '../storage/types.js';
import type { PeerHello } from '../transport/types.js';

const NOTE = 'boots';

interface Start {
  readonly boot: number;
  /** Drawn by the process that showed this number. */
  readonly start: string;
}

/** What a copy from the past shows of itself, and what was seen of its folder before. */
export interface Past {
  readonly shown: string;
  readonly seen: string;
}

/**
 * The last start seen of each folder, kept beside the log. Boot numbers are raised at every start, so a folder that
 * shows a lower one than before, or the same one in another process, is a copy from the past: it has forgotten votes,
 * and its lane would use numbers again.
 */
export class Boots {
  private readonly log: RaftLog;
  private readonly seen: Map<NodeId, Start>;
  private readonly fatal: (error: unknown) => void;

  constructor(log: RaftLog, fatal: (error: unknown) => void) {
    this.log = log;
    this.fatal = fatal;
    this.seen = decode(log.note(NOTE));
  }

  /** Null unless the folder is a copy from the past. */
  pastOf({ nodeId, boot, start, unbound }: PeerHello): Past | null {
    const last = this.seen.get(nodeId);
    if (last === undefined) return null;
    // Of the same process: on another stream, where its first words were still on their way when the group was formed.
    if (boot === last.boot && start === last.start) return null;
    const seen = `start ${last.boot}`;
    if (unbound) return { shown: 'from before the group was formed', seen };
    if (boot < last.boot) return { shown: `start ${boot} of its folder`, seen };
    if (boot === last.boot) return { shown: `start ${boot} of its folder`, seen: `another ${seen}` };
    return null;
  }

  /** Writes only what is news: when a peer started anew. */
  saw({ nodeId, boot, start }: Pick<PeerHello, 'nodeId' | 'boot' | 'start'>): void {
    if (boot <= (this.seen.get(nodeId)?.boot ?? 0)) return;
    this.seen.set(nodeId, { boot, start });
    this.log.writeNote(NOTE, encode(this.seen)).catch(this.fatal);
  }
}

function encode(seen: ReadonlyMap<NodeId, Start>): Uint8Array {
  const writer = new ByteWriter(256).uint(seen.size);
  for (const [node, { boot, start }] of seen) writer.text(node).uint(boot).text(start);
  return writer.finish();
}

function decode(note: Uint8Array | null): Map<NodeId, Start> {
  const seen = new Map<NodeId, Start>();
  if (note === null) return seen;
  const reader = new ByteReader(note);
  for (let left = reader.uint(); left > 0; left--) {
    seen.set(reader.text() as NodeId, { boot: reader.uint(), start: reader.text() });
  }
  return seen;
}
