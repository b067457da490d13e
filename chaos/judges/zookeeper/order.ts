import { ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import { at, grouped, type Timed, type TimedReply } from './records.js';

/**
 * What holds for each session, whichever members it went to: answers come in the order of what was asked, their zxid
 * never falls, and a read shows every write that had happened by the zxid that the session had seen before. And over all of
 * them: what was never answered is not done any more once the session has been taken up again, and a node is told alike
 * to all at one zxid. Returns what does not fit.
 */
export function judgeOrder(records: readonly Timed[]): string[] {
  const problems = records.flatMap((record) => {
    return record.wire === 'disorder'
      ? [`session ${record.session} of ${record.client} got ${record.what} at ${at(record.ns)}`]
      : [];
  });
  const replies = records.filter((record): record is TimedReply => record.wire === 'reply');
  const writes = acknowledged(replies);
  const deleted = deletedPaths(records);
  for (const own of grouped(replies, ({ session }) => session).values()) {
    problems.push(...judgeSession(own, writes, deleted));
  }
  problems.push(...lateWrites(records), ...judgeContents(replies));
  return problems;
}

/** By path: the zxids of acknowledged writes, rising. */
function acknowledged(replies: readonly TimedReply[]): Map<string, number[]> {
  const writes = new Map<string, number[]>();
  for (const { zxid, written } of replies) {
    for (const { path } of written) {
      const list = writes.get(path);
      if (list === undefined) writes.set(path, [zxid]);
      else list.push(zxid);
    }
  }
  for (const list of writes.values()) list.sort((a, b) => a - b);
  return writes;
}

/** Of which the deletion was asked for. */
function deletedPaths(records: readonly Timed[]): Set<string> {
  const writes = records.flatMap((record) => {
    if (record.wire === 'lost') return record.unanswered;
    return record.wire === 'reply' ? record.written : [];
  });
  return new Set(writes.flatMap(({ path, value }) => (value === null ? [path] : [])));
}

function judgeSession(
  replies: readonly TimedReply[],
  writes: ReadonlyMap<string, readonly number[]>,
  deleted: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  let newest = 0;
  for (const { client, ns, op, path, zxid, err, stat, value } of replies) {
    if (zxid < newest) {
      problems.push(`${client} got zxid ${zxid} for ${op} ${path} after ${newest}, at ${at(ns)}`);
    }
    const due = lastUpTo(writes.get(path) ?? [], newest);
    if (stat !== null && stat.mzxid < due && (op === 'getData' || op === 'exists')) {
      problems.push(
        `${client} read ${path} of zxid ${stat.mzxid} (${value ?? ''}) at ${at(ns)}, having seen zxid ${newest}: ` +
          `it was written at zxid ${due}`,
      );
    }
    if (op === 'getData' && err === ZK_ERROR.noNode && due > 0 && !deleted.has(path)) {
      problems.push(`${client} did not find ${path} at ${at(ns)}, which was written at zxid ${due}`);
    }
    newest = Math.max(newest, zxid);
  }
  return problems;
}

function lastUpTo(rising: readonly number[], limit: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return rising[low - 1] ?? 0;
}

/** A write whose connection was lost has happened before the session is taken up again, or it never happens. */
function lateWrites(records: readonly Timed[]): string[] {
  const seenAt = new Map<string, number>();
  for (const record of records) {
    if (record.wire !== 'reply' || record.value === null || record.stat === null) continue;
    const key = `${record.path} ${record.value}`;
    seenAt.set(key, Math.min(seenAt.get(key) ?? Infinity, record.stat.mzxid));
  }
  const problems: string[] = [];
  for (const own of grouped(records, ({ session }) => session).values()) {
    let unanswered: { readonly path: string; readonly value: string }[] = [];
    for (const record of own) {
      if (record.wire === 'lost') {
        const writes = record.unanswered.flatMap(({ path, value }) =>
          value === null ? [] : [{ path, value }],
        );
        unanswered.push(...writes);
      }
      // The first answer on a later connection: it was taken up by then.
      if (record.wire !== 'reply') continue;
      for (const { path, value } of unanswered) {
        const zxid = seenAt.get(`${path} ${value}`) ?? 0;
        if (zxid <= record.zxid) continue;
        problems.push(
          `${record.client} wrote ${value} to ${path} without an answer; it happened at zxid ${zxid}, after the session ` +
            `had been taken up again by zxid ${record.zxid}`,
        );
      }
      unanswered = [];
    }
  }
  return problems;
}

/** One zxid stands for one content of a node. */
function judgeContents(replies: readonly TimedReply[]): string[] {
  const contents = new Map<string, string>();
  const problems: string[] = [];
  for (const { client, op, path, value, stat, ns } of replies) {
    if (op !== 'getData' || stat === null) continue;
    const key = `${path} of zxid ${stat.mzxid}`;
    const content = JSON.stringify([value, stat.version, stat.czxid, stat.owner]);
    const known = contents.get(key);
    if (known === undefined) contents.set(key, content);
    else if (known !== content)
      problems.push(`${client} read ${key} as ${content} at ${at(ns)}, which was ${known}`);
  }
  return problems;
}
