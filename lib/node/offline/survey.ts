import { memberOf, type NodeId } from '../../base/index.js';
import { HALT_NOTE, decodeHalt, type Halt } from '../../replica/index.js';
import { comparePoints, type LogPoint } from '../../storage/index.js';
import type { FolderReading } from '../../storage/offline/index.js';

/** One surviving data folder, as far as it matters for going on from it. */
export interface Survivor {
  readonly reading: FolderReading;
  readonly node: NodeId;
  /** Where its log (or, without one that fits, its state) ends. */
  readonly last: LogPoint;
  /** Up to here the group surely had committed: the folder's newest cut. */
  readonly committed: number;
  /** A state, and the log that goes on from it, are there: a group could go on from this folder. */
  readonly usable: boolean;
  /** It may lack what it once acknowledged. */
  readonly damaged: boolean;
  readonly halt: Halt | null;
}

export function surveyFolder(reading: FolderReading): Survivor {
  const { log, state, identity, problems, replayable } = reading;
  const cut = state?.meta ?? { term: 0, index: 0 };
  const last = log !== null && replayable ? log.table.lastPoint : { term: cut.term, index: cut.index };
  const note = log?.notes.get(HALT_NOTE);
  return {
    reading,
    node: identity.nodeId,
    last,
    committed: cut.index,
    usable: (log !== null || state !== null) && (replayable || state !== null) && last.index > 0,
    damaged: problems.length > 0,
    halt: note === undefined ? null : decodeHalt(note),
  };
}

/** The folder to go on from: of the latest generation, and with the furthest log in Raft's order. Null: none will do. */
export function bestOf(survivors: readonly Survivor[]): Survivor | null {
  const usable = survivors.filter((one) => one.usable);
  const latest = Math.max(...usable.map(({ reading }) => reading.identity.generation));
  return usable
    .filter(({ reading }) => reading.identity.generation === latest)
    .reduce<Survivor | null>(
      (best, one) => (best === null || comparePoints(one.last, best.last) > 0 ? one : best),
      null,
    );
}

export interface Loss {
  readonly voters: readonly NodeId[];
  /** Voters whose folders are not here, or are damaged. */
  readonly away: readonly NodeId[];
  /** Those that are away could have committed without the others. */
  readonly atRisk: boolean;
  /** Entries that some member is known to have acknowledged and that no folder here holds. */
  readonly known: { readonly from: number; readonly to: number; readonly by: NodeId } | null;
}

/**
 * What may be missing when the group goes on from `best`. An entry that was acknowledged was held by a majority of
 * the voters; it is nowhere here only if such a majority is away. Among the folders that are here the furthest log in
 * Raft's order has everything that any of them holds and that was committed (leader completeness, §5.4.3).
 */
export function lossOf(best: Survivor, survivors: readonly Survivor[]): Loss {
  const configuration = best.reading.log?.configuration ?? best.reading.state?.meta.configuration;
  const voters = [...new Set([...(configuration?.voters ?? []), ...(configuration?.outgoing ?? [])])].sort();
  const { generation } = best.reading.identity;
  const sound = survivors.filter(
    ({ usable, damaged, reading }) => usable && !damaged && reading.identity.generation === generation,
  );
  const away = voters.filter((voter) => !sound.some(({ node }) => node === voter));
  return {
    voters,
    away,
    atRisk: away.length >= Math.floor(voters.length / 2) + 1,
    known: knownLoss(best, survivors),
  };
}

function knownLoss(best: Survivor, survivors: readonly Survivor[]): Loss['known'] {
  let worst: { readonly point: LogPoint; readonly by: NodeId } | null = null;
  const told = (by: NodeId, point: LogPoint): void => {
    if (comparePoints(point, worst?.point ?? best.last) > 0) worst = { point, by };
  };
  for (const { reading, node } of survivors) {
    if (reading.identity.generation !== best.reading.identity.generation) continue;
    for (const [peer, point] of reading.log?.acknowledged ?? []) told(peer, point);
    if (reading.promised !== null) told(node, reading.promised);
  }
  const found = worst as { readonly point: LogPoint; readonly by: NodeId } | null;
  if (found === null) return null;
  return { from: best.last.index + 1, to: Math.max(found.point.index, best.last.index + 1), by: found.by };
}

/** The same for people, one sentence each. */
export function lossText(best: Survivor, loss: Loss): string[] {
  const { voters, away, atRisk, known } = loss;
  const names = away.map(memberOf).join(' and ');
  const from = best.last.index + 1;
  const text: string[] = [];
  if (known !== null) {
    text.push(
      `MISSING: ${memberOf(known.by)} had acknowledged entry ${known.to}; entries from ${known.from} on are nowhere here.`,
    );
  }
  if (atRisk) {
    const who = `${names} (${away.length} of ${voters.length} voters) ${away.length === 1 ? 'is' : 'are'} not here or damaged`;
    text.push(
      `MAY BE MISSING: ${who}: what they committed from entry ${from} on, without the others, is lost.`,
    );
  } else if (known === null) {
    const here = voters.length - away.length;
    text.push(
      `Nothing that was acknowledged is missing: ${here} of ${voters.length} voters are here, undamaged.`,
    );
  }
  return text;
}
