import type { NodeId } from '../../../lib/base/index.js';
import { majority } from '../../../lib/raft/index.js';
import { comparePoints, type LogPoint } from '../../../lib/storage/index.js';
import type { Damage } from './damage.js';
import type { OnDisk } from './on-disk.js';

/** What damage did to the disk of one member, and what all the others hold. */
export interface Loss {
  readonly damage: Damage;
  readonly before: OnDisk;
  readonly after: OnDisk;
  /** How far a folder has acknowledged the log. */
  readonly acknowledged: (folder: NodeId) => LogPoint;
  /** Whose votes count in the group. */
  readonly voters: readonly NodeId[];
  /** The disks of all other machines. */
  readonly others: readonly OnDisk[];
  /** Those of them that are damaged and not whole again. */
  readonly wounded: readonly OnDisk[];
}

/**
 * Whether the group promises to survive a loss (docs/reliability.md). A loss of what a member has said to others is
 * survived if the next start finds it, by the log itself or by the witness; or if any majority that the member asks after
 * its start includes somebody who has noted what it said; or if nothing of it is needed, since every quorum includes
 * another member that holds it. Only what is on disks counts: whoever knows more may end before it has told.
 */
export function survivable(loss: Loss): boolean {
  const { damage, before, after, voters } = loss;
  // A new folder takes its place, which nobody takes for the former one.
  if (damage === 'wiped-folder' || damage === 'witness') return true;
  if (damage === 'stale-folder') return isFoundOut(loss);
  if (before.folder === null || !voters.includes(before.folder)) return true;
  if (forgetsWounded(loss)) return false;
  const self = before.folder;
  const point = later(before.last, loss.acknowledged(self));
  if (after.shows || comparePoints(after.last, point) >= 0) return true;
  return isHeld(loss, self, point) || isTold(loss, self, point);
}

/** Whoever is asked says that this folder was started since. */
function isFoundOut(loss: Loss): boolean {
  const { folder, boot } = loss.after;
  if (folder === null || !loss.voters.includes(folder)) return true;
  const seen = known(loss, ({ boots }) => (boots.get(folder) ?? 0) > boot);
  return asked(loss).some((half) => inEveryQuorum(half, folder, seen));
}

/** Every quorum with this member in it has another one that holds all of it. */
function isHeld(loss: Loss, self: NodeId, point: LogPoint): boolean {
  return inEveryQuorum(
    loss.voters,
    self,
    known(loss, ({ holds }) => holds(point)),
  );
}

/** Whoever is asked knows that this member had acknowledged it. */
function isTold(loss: Loss, self: NodeId, point: LogPoint): boolean {
  const noted = known(loss, ({ acknowledged }) => {
    const said = acknowledged.get(self);
    return said !== undefined && comparePoints(said, point) >= 0;
  });
  return asked(loss).some((half) => inEveryQuorum(half, self, noted));
}

/** It no longer knows of a damaged member what that one may have to be told. */
function forgetsWounded({ before, after, wounded }: Loss): boolean {
  return wounded.some(({ folder }) => {
    if (folder === null) return false;
    const point = before.acknowledged.get(folder);
    const now = after.acknowledged.get(folder);
    const forgotten = point !== undefined && (now === undefined || comparePoints(now, point) < 0);
    return forgotten || (before.boots.get(folder) ?? 0) > (after.boots.get(folder) ?? 0);
  });
}

/** Of whom it asks a majority after its start: as its own log has it. */
function asked({ after, voters }: Loss): readonly (readonly NodeId[])[] {
  const { configuration } = after;
  if (configuration === null) return [voters];
  return [configuration.voters, configuration.outgoing].filter((half) => half.includes(after.folder!));
}

/** The folders of others of which `holds` is true. */
function known({ others }: Loss, holds: (disk: OnDisk) => boolean): ReadonlySet<NodeId | null> {
  return new Set(others.filter(holds).map(({ folder }) => folder));
}

function inEveryQuorum(voters: readonly NodeId[], self: NodeId, some: ReadonlySet<NodeId | null>): boolean {
  const rest = voters.filter((voter) => voter !== self && !some.has(voter));
  return rest.length + 1 < majority(voters.length);
}

function later(a: LogPoint, b: LogPoint): LogPoint {
  return comparePoints(a, b) >= 0 ? a : b;
}
