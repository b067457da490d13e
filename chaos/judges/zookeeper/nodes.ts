import type { HistoryEvent } from '../../history/history.js';
import { nodesOf, type NodesWritten } from '../../history/operations.js';
import { SET } from '../../workloads/zookeeper/places.js';
import { at, wireRecords, type TimedReply } from './records.js';

/** What may be known of a name: there, not there, or whatever the one write says that nobody answered. */
type Knowledge = 'there' | 'gone' | NodesWritten;

/**
 * Of names that one client each creates and deletes: at the end every acknowledged node is there, none that was refused
 * or deleted is, and of a multi that nobody answered all is done or nothing; a client's lists show what it did before in
 * the same session. And members at rest hold the same nodes. Returns what does not fit.
 */
export function judgeNodes(events: readonly HistoryEvent[]): string[] {
  const written = nodesOf(events);
  const rests = events.flatMap((event) => (event.type === 'rest' ? [event] : []));
  const [first] = rests;
  const problems = judgeLists(events, written);
  if (first === undefined) return problems;
  problems.push(...judgeEnd(written, new Set(Object.keys(first.nodes)), first.member));
  for (const { member, nodes } of rests.slice(1)) {
    const paths = new Set([...Object.keys(first.nodes), ...Object.keys(nodes)]);
    const wrong = [...paths].filter((path) => first.nodes[path] !== nodes[path]);
    if (wrong.length === 0) continue;
    const path = wrong[0]!;
    problems.push(
      `members differ in ${wrong.length} nodes when at rest: ${path} is ${first.nodes[path] ?? 'not there'} at ` +
        `${first.member}, and ${nodes[path] ?? 'not there'} at ${member}`,
    );
  }
  return problems;
}

function judgeEnd(written: readonly NodesWritten[], present: ReadonlySet<string>, member: string): string[] {
  const problems: string[] = [];
  for (const [path, { state, by }] of knowledgeOf(written)) {
    const is = present.has(path);
    if (state === 'there' && !is)
      problems.push(`${path} was acknowledged (${by}), and is not there at ${member}`);
    if (state === 'gone' && is)
      problems.push(`${path} was refused or deleted (${by}), and is there at ${member}`);
  }
  for (const { id, creates, deletes, outcome } of written) {
    if (outcome !== 'unknown') continue;
    // Names are used once, and what is in doubt is not touched again.
    const done = [...creates.map((path) => present.has(path)), ...deletes.map((path) => !present.has(path))];
    if (new Set(done).size > 1) {
      problems.push(`half of ${id} (${[...creates, ...deletes].join(', ')}) was done at ${member}`);
    }
  }
  return problems;
}

function knowledgeOf(
  written: readonly NodesWritten[],
): Map<string, { readonly state: Knowledge; readonly by: number }> {
  const known = new Map<string, { readonly state: Knowledge; readonly by: number }>();
  for (const one of written) {
    const { id, creates, deletes, outcome } = one;
    const [created, deleted]: readonly [Knowledge, Knowledge] =
      outcome === 'done' ? ['there', 'gone'] : outcome === 'refused' ? ['gone', 'there'] : [one, one];
    for (const path of creates) known.set(path, { state: created, by: id });
    for (const path of deletes) known.set(path, { state: deleted, by: id });
  }
  return known;
}

/** A client's own lists, against what it had been answered before within the session. */
function judgeLists(events: readonly HistoryEvent[], written: readonly NodesWritten[]): string[] {
  const replies = wireRecords(events).filter(
    (record): record is TimedReply & { names: readonly string[] } => {
      return record.wire === 'reply' && record.path === SET && record.names !== null;
    },
  );
  const sessions = sessionStarts(events);
  return replies.flatMap(({ client, session, names, sentNs, ns }) => {
    const beginNs = sessions.get(session) ?? 0;
    const own = written.filter(
      (one) => one.process === client && one.invokeNs >= beginNs && one.endNs < sentNs,
    );
    const shown = new Set(names.map((name) => `${SET}/${name}`));
    return [...knowledgeOf(own)].flatMap(([path, { state, by }]) => {
      if (state === 'there' && !shown.has(path))
        return [`${client} did not find ${path} (${by}) at ${at(ns)}`];
      if (state === 'gone' && shown.has(path)) return [`${client} found ${path} (${by}) at ${at(ns)}`];
      return [];
    });
  });
}

function sessionStarts(events: readonly HistoryEvent[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const { session, ns } of wireRecords(events)) if (!starts.has(session)) starts.set(session, ns);
  return starts;
}
