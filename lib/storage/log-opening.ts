import { TepuiError, type Logger } from '../base/index.js';
import type { Configuration, HardState } from '../raft/types.js';
import type { Disk, KvOptions } from './disk.js';
import { isDamaged } from './folders.js';
import { RAFT_KEYS } from './keys.js';
import {
  GENESIS_CHAIN,
  NO_CONFIGURATION,
  comparePoints,
  encodeHardState,
  type BaseRecord,
  type Owner,
} from './log-records.js';
import { scanLog, type LogContents } from './log-scan.js';
import { DurableLog } from './raft-log.js';
import { cutEntries, dropBelow, dropUnreadable, writeFreshLog, type Fit } from './repair.js';
import type { CutMeta, Identity, Kv, LogHealth, LogPoint } from './types.js';
import type { Witness } from './witness.js';

/** raft/ as found. `contents` is null when it holds no log; `lost` says why when it should have held one. */
export interface FoundLog {
  readonly kv: Kv;
  readonly contents: LogContents | null;
  readonly lost: string | null;
}

export interface LogSearch {
  readonly disk: Disk;
  readonly kvOptions: KvOptions;
  readonly tailBytes: number;
  readonly logger: Logger;
  /** Whose raft/ it should be; null: this folder has no identity (yet). */
  readonly identity: Identity | null;
}

/**
 * Opens and scans raft/. What cannot be read at all, or is another instance's, is set aside and an empty database
 * takes its place. Rejects with FOREIGN_MEMBER or FOREIGN_CLUSTER, and with DAMAGED when there is no identity to
 * repair it for: nothing was changed then.
 */
export async function findLog(search: LogSearch): Promise<FoundLog> {
  const { disk, kvOptions, tailBytes, identity } = search;
  let kv: Kv | null = null;
  try {
    kv = await disk.openKv('raft', kvOptions);
    const contents = await scanLog(kv, tailBytes, () => disk.pause());
    await kv.trust();
    if (contents !== null && identity !== null) checkOwner(disk.where, contents.owner, identity);
    return { kv, contents, lost: null };
  } catch (error) {
    await kv?.close();
    if (!isDamaged(error) || identity === null) throw error;
    search.logger.error({ detail: error.message }, 'raft/ damaged beyond reading: set aside');
    await disk.setAsideKv('raft');
    return { kv: await disk.openKv('raft', kvOptions), contents: null, lost: error.message };
  }
}

/** Throws FOREIGN_MEMBER, FOREIGN_CLUSTER, or DAMAGED for another instance of the same member. */
export function checkOwner(where: string, owner: Owner, identity: Identity): void {
  const mismatch = (
    code: 'FOREIGN_MEMBER' | 'FOREIGN_CLUSTER',
    found: string,
    expected: string,
  ): TepuiError =>
    new TepuiError(code, `${where}/raft belongs to ${found}, identity.json says ${expected}`, {
      fields: { found, expected },
    });
  const { memberId, clusterId, instance } = identity;
  if (owner.memberId !== memberId) throw mismatch('FOREIGN_MEMBER', owner.memberId, memberId);
  if (clusterId !== null && owner.clusterId !== clusterId) {
    throw mismatch('FOREIGN_CLUSTER', owner.clusterId, clusterId);
  }
  if (owner.instance !== instance) {
    throw new TepuiError('DAMAGED', `raft/ is of instance ${owner.instance}, this folder is ${instance}`);
  }
}

export type HardStateVerdict =
  | { readonly kind: 'known'; readonly hard: HardState }
  | { readonly kind: 'vote-lost'; readonly detail: string };

/**
 * Term and vote in force: the higher of the two copies. Both are synced before anything of the term leaves, so
 * after a crash either may be one step ahead, and neither was acted upon beyond the lower one.
 */
export function judgeHardState(witness: Witness | null, contents: LogContents | null): HardStateVerdict {
  if (witness === null) {
    return { kind: 'vote-lost', detail: 'both slots of the witness are missing or damaged' };
  }
  const a = witness.hard;
  const b = contents?.hard ?? a;
  if (a.term === b.term && a.vote !== null && b.vote !== null && a.vote !== b.vote) {
    const detail = `term ${a.term}: the witness says a vote for ${a.vote}, raft/ one for ${b.vote}`;
    return { kind: 'vote-lost', detail };
  }
  const sameTerm = { term: a.term, vote: a.vote ?? b.vote };
  const hard = a.term === b.term ? sameTerm : a.term > b.term ? a : b;
  const lastTerm = contents?.table.lastPoint.term ?? 0;
  if (lastTerm > hard.term) {
    return { kind: 'vote-lost', detail: `the log has entries of term ${lastTerm}, the term is ${hard.term}` };
  }
  return { kind: 'known', hard };
}

/** Why the log is not what this member promised to hold, or null. */
function problemOf(found: FoundLog, witness: Witness, fit: Fit): string | null {
  const { contents, lost } = found;
  if (contents === null) return lost ?? 'raft/ is empty, although this member belongs to a group';
  if (contents.problem !== null) return contents.problem;
  if (fit.kind !== 'fits') return fit.detail;
  const last = contents.table.lastPoint;
  const { promised } = witness;
  if (comparePoints(last, promised) < 0) {
    return `the log ends at ${last.index} of term ${last.term}, it had reached ${promised.index} of term ${promised.term}`;
  }
  return witness.recovering ? 'the log has not caught up since it was found damaged' : null;
}

export interface LogOpening {
  readonly disk: Disk;
  readonly owner: Owner;
  readonly witness: Witness;
  readonly hard: HardState;
  readonly stateFolder: string;
  readonly meta: CutMeta | null;
  readonly tailBytes: number;
}

/** Judges and, where entries are bad or missing, repairs what was found; then opens it. */
export async function openFoundLog(found: FoundLog, fit: Fit, opening: LogOpening): Promise<DurableLog> {
  const { witness, hard, disk, tailBytes } = opening;
  const detail = problemOf(found, witness, fit);
  let health: LogHealth = { kind: 'intact' };
  let contents = found.contents;
  if (detail !== null) {
    const last = contents?.table.lastPoint ?? { term: 0, index: 0 };
    const promised = highest([witness.promised, last, ...(opening.meta === null ? [] : [opening.meta])]);
    // First of all: whatever happens to the repair, the next start knows that this member must not count.
    await witness.markRecovering(promised);
    await repair(found, fit, opening);
    contents = await scanLog(found.kv, tailBytes, () => disk.pause());
    if (contents === null || contents.problem !== null) {
      // Seen where a table's keys are out of order: what is found in one direction is not found in the other.
      const why = contents?.problem ?? 'it stays empty';
      throw new TepuiError('DAMAGED', `raft/ cannot be repaired: ${why}`, { fields: { setAside: 'raft' } });
    }
    health = { kind: 'log-damaged', found: contents.table.lastPoint, promised, detail };
  }
  if (contents === null) throw new TepuiError('INTERNAL', 'raft/ was judged intact and is empty');
  await dropBelow(found.kv, contents.base.index);
  await level(found.kv, witness, contents, hard);
  return new DurableLog(found.kv, witness, contents, hard, health);
}

/** Leaves a log that is true as far as it goes: the good beginning, or none above the state, or none at all. */
async function repair(found: FoundLog, fit: Fit, opening: LogOpening): Promise<void> {
  const { kv, contents } = found;
  const { owner, hard, stateFolder, meta } = opening;
  const fresh = (base: BaseRecord, configuration: Configuration): Promise<void> =>
    writeFreshLog(kv, { owner, base, configuration, hard, stateFolder });
  if (contents !== null) await dropUnreadable(kv, contents);
  if (contents !== null && fit.kind === 'fits') {
    await cutEntries(kv, contents.table.last);
    await fresh(contents.base, contents.configuration);
  } else if (meta !== null && fit.kind !== 'state-behind') {
    await fresh(meta, meta.configuration);
    await cutEntries(kv, meta.index);
  } else {
    const configuration = contents?.configuration ?? NO_CONFIGURATION;
    await cutEntries(kv, 0);
    await fresh({ index: 0, term: 0, chain: GENESIS_CHAIN, configuration }, configuration);
  }
}

function highest(points: readonly LogPoint[]): LogPoint {
  const best = points.reduce((a, b) => (comparePoints(a, b) >= 0 ? a : b));
  return { term: best.term, index: best.index };
}

/** Brings both copies of term and vote to the one in force. */
async function level(kv: Kv, witness: Witness, contents: LogContents, hard: HardState): Promise<void> {
  const differs = (copy: HardState | null): boolean => copy?.term !== hard.term || copy.vote !== hard.vote;
  if (differs(witness.hard)) await witness.secure(hard);
  if (differs(contents.hard)) {
    await kv.write([{ type: 'put', key: RAFT_KEYS.hardState, value: encodeHardState(hard) }]);
  }
}
