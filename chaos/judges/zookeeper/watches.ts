import { EVENT } from '../../../lib/wire/zookeeper/index.js';
import { at, grouped, type Timed, type TimedReply } from './records.js';

/** A node, or the list of children of one, as it was read. */
interface Known {
  /** Differs after every change. */
  readonly state: string;
  readonly czxid: number;
  readonly version: number;
  /** Events that said "changed", since. */
  changes: number;
  told: boolean;
}

/**
 * For each session that watches: once a watch is set, no answer shows a change before an event has told of it; also
 * where the watch was set again on another connection. Who watches a whole tree is told of each single change while
 * its connection lasts. Returns what does not fit.
 */
export function judgeWatches(records: readonly Timed[]): string[] {
  return Array.from(grouped(records, ({ session }) => session).values()).flatMap((own) => {
    return new WatchJudge().judge(own);
  });
}

class WatchJudge {
  private readonly problems: string[] = [];
  /** What is watched, by path, as it was when the watch was set. */
  private watched: Map<string, Known> = new Map();
  /** Watched on the connection before; set again by setWatches2. */
  private former: Map<string, Known> = new Map();
  private whole = false;

  judge(records: readonly Timed[]): string[] {
    for (const record of records) this.take(record);
    return this.problems;
  }

  private take(record: Timed): void {
    switch (record.wire) {
      case 'granted':
        this.former = this.watched;
        this.watched = new Map();
        this.whole = false;
        return;
      case 'event':
        return this.event(record.event, record.path);
      case 'reply':
        return this.reply(record);
      default:
    }
  }

  private event(type: number, path: string): void {
    // What is restored is told of before the answer says that it is.
    if (!this.whole) this.former.delete(path);
    const known = this.watched.get(path);
    if (known === undefined) return;
    known.told = true;
    if (type === EVENT.dataChanged) known.changes++;
    if (!this.whole) this.watched.delete(path);
  }

  private reply(reply: TimedReply): void {
    if (reply.op === 'addWatch') this.whole = true;
    if (reply.op === 'setWatches2') {
      for (const path of reply.names ?? []) {
        const known = this.former.get(path);
        if (known !== undefined) this.watched.set(path, known);
      }
      this.former = new Map();
    }
    const read = readOf(reply);
    // Who watches a whole tree hears of nodes, and not of lists of children.
    if (read === null || (this.whole && reply.op === 'getChildren2')) return;
    const known = this.watched.get(reply.path);
    if (known !== undefined) this.compare(reply, known, read);
    const sets = reply.watch && (reply.err === 0 || reply.op === 'exists');
    if (this.whole || sets) this.watched.set(reply.path, { ...read, changes: 0, told: false });
  }

  private compare(
    { client, session, path, ns }: TimedReply,
    known: Known,
    read: Omit<Known, 'changes' | 'told'>,
  ): void {
    const where = `${client} (session ${session}) read ${path} at ${at(ns)}`;
    if (read.state !== known.state && !known.told) {
      this.problems.push(`${where} as ${read.state}: no event had told of a change since ${known.state}`);
    }
    const changes = read.version - known.version;
    if (this.whole && read.czxid > 0 && read.czxid === known.czxid && changes !== known.changes) {
      this.problems.push(`${where}: ${changes} changes since it was last read, and ${known.changes} events`);
    }
  }
}

function readOf({ op, err, stat }: TimedReply): Omit<Known, 'changes' | 'told'> | null {
  const isNode = op === 'getData' || op === 'exists';
  if (!isNode && op !== 'getChildren2') return null;
  if (stat === null) return isNode && err !== 0 ? { state: 'no node', czxid: 0, version: 0 } : null;
  const { czxid, version, mzxid, pzxid } = stat;
  const state = isNode ? `zxid ${mzxid}` : `children of zxid ${pzxid}`;
  return { state, czxid, version };
}
