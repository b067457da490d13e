import path from 'node:path';
import { TepuiError, memberOf, nodeId, type ClusterId, type NodeId, type Random } from '../../base/index.js';
import type { Machine } from '../../state/index.js';
import { readFolder, type FolderReading } from '../../storage/offline/index.js';
import { buildFolder } from './build.js';
import { loadFolder } from './load-folder.js';
import { beginHistory, nextGeneration } from './new-history.js';
import { completeExchange } from './place.js';
import { stampOf } from './restore.js';
import { bestOf, lossOf, surveyFolder, type Loss, type Survivor } from './survey.js';

export interface RecoverOptions {
  readonly folders: readonly string[];
  /** Entries that are left out because they break this release. */
  readonly skip: ReadonlySet<number>;
  /** Also where a group may serve, or the folders could elect a leader themselves. */
  readonly force: boolean;
  readonly wallMs: number;
  readonly random: Random;
  /** Addresses of masters that the survivors know: says who leads there, null when nobody does. */
  readonly whoLeads: (addresses: readonly string[], clusterId: ClusterId) => Promise<string | null>;
  /** Only look, and tell. */
  readonly surveyOnly: boolean;
  /** What was found, before anything else is judged or loaded. */
  readonly tell: (plan: RecoveryPlan) => void;
  /** Everything is ready and nothing was changed; false ends it. */
  readonly confirm: (plan: RecoveryPlan) => Promise<boolean>;
}

export interface RecoveryPlan {
  readonly survivors: readonly Survivor[];
  readonly best: Survivor;
  readonly loss: Loss;
}

export interface Recovered {
  readonly clusterId: ClusterId;
  readonly generation: number;
  readonly node: NodeId;
  readonly folder: string;
  readonly setAside: string;
  readonly index: number;
  readonly revision: number;
  readonly learners: readonly NodeId[];
}

/**
 * Restarts a group from the best of its surviving folders: its whole log is taken for committed, and a new history
 * begins above it with that one member as its voter. Only this folder is changed, and what was in it is kept beside.
 * Null when it was not confirmed.
 */
export async function recover(options: RecoverOptions): Promise<Recovered | null> {
  const held: FolderReading[] = [];
  try {
    for (const folder of options.folders) {
      if (await completeExchange(folder)) return interrupted(folder);
    }
    for (const folder of options.folders) held.push(await readFolder(folder));
    const plan = planRecovery(held);
    options.tell(plan);
    if (options.surveyOnly) return null;
    checkNeed(plan, options);
    const loaded = await loadFolder(plan.best.reading, { skip: skipped(plan, options.skip) });
    await checkSilence(plan.best, loaded.machine, options);
    if (!(await options.confirm(plan))) return null;
    return await goOn(plan, loaded, options);
  } finally {
    for (const reading of held) await reading.close();
  }
}

/** An earlier recovery or restore of this folder was cut short in its last step: it is complete now. */
function interrupted(folder: string): never {
  const message = `an earlier recovery or restore of ${folder} was cut short, and is complete now`;
  throw new TepuiError('FOLDER_OCCUPIED', `${message}: start it, or run this again to begin another`);
}

export function planRecovery(readings: readonly FolderReading[]): RecoveryPlan {
  const survivors = readings.map(surveyFolder);
  const clusters = new Set(readings.map(({ identity }) => identity.clusterId ?? identity.formerCluster));
  clusters.delete(null);
  if (clusters.size > 1) {
    throw new TepuiError(
      'FOREIGN_CLUSTER',
      `these folders are of ${clusters.size} clusters: ${[...clusters].join(', ')}`,
    );
  }
  const best = bestOf(survivors);
  if (best === null) {
    const why = survivors.map(
      ({ reading }) => `${reading.path}: ${reading.problems.join('; ') || 'it is empty'}`,
    );
    throw new TepuiError('DAMAGED', `none of these folders can be gone on from: ${why.join(' | ')}`);
  }
  return { survivors, best, loss: lossOf(best, survivors) };
}

/** A group that can start by itself must not be given a new history: that may lose what it has. */
function checkNeed({ loss }: RecoveryPlan, { skip, force }: RecoverOptions): void {
  if (force || skip.size > 0 || loss.atRisk || loss.known !== null) return;
  const { voters, away } = loss;
  if (voters.length - away.length < Math.floor(voters.length / 2) + 1) return;
  const here = `${voters.length - away.length} of ${voters.length} voters are here and sound`;
  throw new TepuiError(
    'RECOVERY_NOT_NEEDED',
    `${here}: start them, they elect a leader by themselves; --force goes on all the same`,
  );
}

/** What any of them applied, and may have answered for, is not left out of what the group goes on with. */
function skipped({ best, survivors }: RecoveryPlan, skip: ReadonlySet<number>): ReadonlySet<number> {
  const { generation } = best.reading.identity;
  const contemporaries = survivors.filter(({ reading }) => reading.identity.generation === generation);
  const committed = Math.max(...contemporaries.map((survivor) => survivor.committed));
  for (const index of skip) {
    if (index > committed && index <= best.last.index) continue;
    const range = `only entries ${committed + 1} to ${best.last.index} can be left out`;
    throw new TepuiError('INVALID_ARGUMENT', `entry ${index} cannot be left out: ${range}`);
  }
  return skip;
}

async function checkSilence(best: Survivor, machine: Machine, options: RecoverOptions): Promise<void> {
  const clusterId = clusterOf(best);
  if (options.force) return;
  const addresses = machine.cluster.members().flatMap(({ doors }) => (doors.grpc === '' ? [] : [doors.grpc]));
  const leader = addresses.length === 0 ? null : await options.whoLeads(addresses, clusterId);
  if (leader === null) return;
  const message = `${leader} leads cluster ${clusterId} at this moment: its group has not lost its quorum; --force goes on all the same`;
  throw new TepuiError('RECOVERY_NOT_NEEDED', message);
}

function clusterOf({ reading }: Survivor): ClusterId {
  const { clusterId } = reading.identity;
  if (clusterId !== null) return clusterId;
  throw new TepuiError('DAMAGED', `${reading.path} belongs to no cluster`);
}

async function goOn(
  { best, survivors }: RecoveryPlan,
  loaded: { readonly machine: Machine; readonly index: number; readonly term: number },
  { wallMs, random }: RecoverOptions,
): Promise<Recovered> {
  const { reading } = best;
  const { memberId } = reading.identity;
  const clusterId = clusterOf(best);
  const configuration = reading.log?.configuration ?? reading.state!.meta.configuration;
  const former = [...configuration.voters, ...configuration.outgoing, ...configuration.learners];
  const generations = survivors.map((one) => one.reading.identity.generation);
  const history = beginHistory(loaded, {
    members: [memberId],
    former: oneEach(former),
    clusterId,
    generation: nextGeneration(Math.max(...generations), wallMs),
    leaseMs: configuration.leaseMs,
    random,
  });
  const owner = history.owners[0]!;
  const stamp = stampOf(wallMs);
  const built = await buildFolder(reading.path, owner, history, stamp, async (put) => {
    for await (const records of reading.records()) await put(records);
  });
  await built.place();
  return {
    clusterId,
    generation: owner.generation,
    node: nodeId(memberId, owner.instance),
    folder: reading.path,
    setAside: path.join(reading.path, `before-${stamp}`),
    index: history.meta.index,
    revision: history.meta.revision,
    learners: history.meta.configuration.learners,
  };
}

/** A member that was about to change its folder is named by two of them. */
function oneEach(nodes: readonly NodeId[]): NodeId[] {
  return [...new Map(nodes.map((node) => [memberOf(node), node])).values()];
}
