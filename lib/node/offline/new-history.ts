import { createHash } from 'node:crypto';
import {
  assert,
  memberOf,
  nodeId,
  randomHex,
  type ClusterId,
  type MemberId,
  type NodeId,
  type Random,
} from '../../base/index.js';
import { simpleConfiguration } from '../../raft/index.js';
import {
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  laneBoot,
  type Command,
  type Machine,
  type StateDeletion,
  type StateRecord,
} from '../../state/index.js';
import type { CutMeta } from '../../storage/index.js';
import type { NewOwner } from '../../storage/offline/index.js';

/** No number that the former history gave out is given out again, whatever of it was lost. */
export const REVISION_RAISE: number = 2 ** 40;

export interface HistoryOptions {
  /** Who votes from the beginning. */
  readonly members: readonly MemberId[];
  /** Folders of the former history: they come back as learners, with new instances. */
  readonly former: readonly NodeId[];
  readonly clusterId: ClusterId;
  readonly generation: number;
  readonly leaseMs: number;
  readonly random: Random;
}

/** What the state was before, with the machine that was loaded from it. */
export interface Origin {
  readonly machine: Machine;
  /** The last entry that it holds. */
  readonly index: number;
  readonly term: number;
}

/** The first entry of a new history: what changes in the state, and whose folders begin with it. */
export interface NewHistory {
  readonly meta: CutMeta;
  readonly owners: readonly NewOwner[];
  readonly records: readonly StateRecord[];
  readonly deletions: readonly StateDeletion[];
  /** The records are the whole state: a restore lies between the origin's cut and its end. */
  readonly whole: boolean;
}

/**
 * Begins a new history above `origin`: as if one more entry had been committed, which forgets all members and raises
 * the revision by 2^40. Its members are new instances.
 */
export function beginHistory(origin: Origin, options: HistoryOptions): NewHistory {
  const { machine } = origin;
  const { clusterId, generation, members, random } = options;
  const owners = members.map((memberId) => {
    return { clusterId, memberId, generation, instance: randomHex(random, 8) };
  });
  const voters = owners.map(({ memberId, instance }) => nodeId(memberId, instance)).sort();
  const learners = options.former.filter((node) => !members.includes(memberOf(node))).sort();
  const index = origin.index + 1;
  runAlone(machine, index, origin.term, voters[0]!);
  if (machine.cluster.clusterId !== null) machine.adopt(clusterId);
  const cut = machine.beginCut(index, origin.term);
  while (!cut.encodeSlice(Number.MAX_SAFE_INTEGER));
  const { term, revision, digest, records, deletions } = cut;
  const configuration = simpleConfiguration(voters, learners, options.leaseMs);
  const chain = chainOf(`${clusterId} ${generation} ${index} ${digest}`);
  return {
    meta: { index, term, revision, configuration, digest, chain },
    owners,
    records: Array.from(records),
    deletions,
    whole: cut.whole,
  };
}

function runAlone(machine: Machine, index: number, term: number, lane: NodeId): void {
  const commands: Command[] = machine.cluster
    .members()
    .map(({ node }): Command => ({ kind: 'member-forget', node }));
  commands.push({ kind: 'revision-raise', by: REVISION_RAISE });
  const batch = encodeSubBatch(lane, laneBoot(machine.restores.history, 0), 1, commands.map(encodeCommand));
  const { batches } = machine.apply(index, term, encodeEntry(machine.clockMs, [batch]));
  const results = batches.flatMap((one) => one.results);
  const failed = results.find((result) => !result.ok);
  assert(results.length === commands.length && failed === undefined, () => {
    const why = failed === undefined ? `${results.length} of ${commands.length} ran` : JSON.stringify(failed);
    return `the first entry of the new history was refused: ${why}`;
  });
}

/** The chain below the first entry of the new log: like no chain that the former one had. */
function chainOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest().subarray(0, 16));
}

/** The next generation: later than the one before, whatever this computer's clock says. */
export function nextGeneration(former: number, wallMs: number): number {
  return Math.max(former + 1, Math.floor(wallMs));
}
