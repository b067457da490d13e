import path from 'node:path';
import {
  TepuiError,
  nodeId,
  randomHex,
  type ClusterId,
  type MemberId,
  type Random,
} from '../../base/index.js';
import { readArchive } from '../../storage/archive/index.js';
import { readFolder, type FolderReading } from '../../storage/offline/index.js';
import { buildFolder, type BuiltFolder } from './build.js';
import { loadArchive } from './load-archive.js';
import { beginHistory, nextGeneration } from './new-history.js';
import { completeExchange, dataIn } from './place.js';

export interface RestoreTarget {
  readonly memberId: MemberId;
  readonly folder: string;
}

export interface RestoreOptions {
  readonly targets: readonly RestoreTarget[];
  /** Draw a new cluster id: a copy of the cluster beside it, which its agents do not follow. */
  readonly newCluster: boolean;
  /** A folder that holds data is set aside instead of refused. */
  readonly replace: boolean;
  /** Also one of another cluster or member, or one that cannot be read. */
  readonly force: boolean;
  readonly wallMs: number;
  readonly random: Random;
}

/** JSON of `snapshot restore`. */
export interface RestoredJson {
  readonly clusterId: string;
  readonly generation: number;
  readonly index: number;
  readonly revision: number;
  readonly members: readonly { readonly id: string; readonly node: string; readonly folder: string }[];
  /** Members of the snapshot that are let in again as learners when they come with a new or former folder. */
  readonly learners: readonly string[];
  /** Where the data went that was replaced; empty when there was none. */
  readonly setAside: readonly string[];
}

/** Makes the data folders of a cluster that goes on from a snapshot file. All are built and proved before one counts. */
export async function restore(file: string, options: RestoreOptions): Promise<RestoredJson> {
  const { targets, random } = options;
  const { contents, machine } = await loadArchive(file);
  const { header } = contents;
  const held: FolderReading[] = [];
  const built: BuiltFolder[] = [];
  const stamp = stampOf(options.wallMs);
  try {
    const setAside: string[] = [];
    for (const target of targets) {
      await completeExchange(target.folder);
      if ((await dataIn(target.folder)).length === 0) continue;
      const reading = await replaceable(target, header.clusterId, options);
      if (reading !== null) held.push(reading);
      setAside.push(path.join(target.folder, `before-${stamp}`));
    }
    const generations = [header.generation, ...held.map(({ identity }) => identity.generation)];
    const clusterId = options.newCluster ? (randomHex(random, 16) as ClusterId) : header.clusterId;
    const history = beginHistory(
      { machine, index: header.index, term: header.term },
      {
        members: targets.map(({ memberId }) => memberId),
        former: options.newCluster ? [] : [...header.voters, ...header.learners],
        clusterId,
        generation: nextGeneration(Math.max(...generations), options.wallMs),
        leaseMs: header.leaseMs,
        random,
      },
    );
    for (const [i, { folder }] of targets.entries()) {
      const copy = async (put: Parameters<Parameters<typeof buildFolder>[4]>[0]): Promise<void> => {
        await readArchive(file, { begin: () => undefined, records: put });
      };
      built.push(await buildFolder(folder, history.owners[i]!, history, stamp, copy));
    }
    for (const one of built) await one.place();
    const { configuration, index, revision } = history.meta;
    return {
      clusterId,
      generation: history.owners[0]!.generation,
      index,
      revision,
      members: built.map(({ owner, folder }) => {
        return { id: owner.memberId, node: nodeId(owner.memberId, owner.instance), folder };
      }),
      learners: configuration.learners,
      setAside,
    };
  } catch (error) {
    for (const one of built) await one.abandon();
    throw error;
  } finally {
    for (const reading of held) await reading.close();
  }
}

/** Whether the data in a folder may make way; a reading of it holds its lock until the exchange. */
async function replaceable(
  { folder, memberId }: RestoreTarget,
  clusterId: ClusterId,
  { replace, force }: RestoreOptions,
): Promise<FolderReading | null> {
  let reading: FolderReading;
  try {
    reading = await readFolder(folder);
  } catch (error) {
    if (error instanceof TepuiError && (error.code === 'FOLDER_IN_USE' || !force)) throw error;
    return null;
  }
  try {
    if (!force) checkOwner(reading, memberId, clusterId);
    if (!replace) {
      const found = reading.identity.clusterId ?? 'no cluster yet';
      throw new TepuiError('FOLDER_OCCUPIED', `${folder} holds data of ${memberId} in cluster ${found}`);
    }
    return reading;
  } catch (error) {
    await reading.close();
    throw error;
  }
}

function checkOwner(
  { path: folder, identity }: FolderReading,
  memberId: MemberId,
  clusterId: ClusterId,
): void {
  const found = identity.clusterId ?? identity.formerCluster;
  if (found !== null && found !== clusterId) {
    const message = `${folder} belongs to cluster ${found}, the snapshot is of ${clusterId}; --force-cluster replaces it all the same`;
    throw new TepuiError('FOREIGN_CLUSTER', message);
  }
  if (identity.memberId !== memberId) {
    const message = `${folder} belongs to member ${identity.memberId}, not ${memberId}`;
    throw new TepuiError('FOREIGN_MEMBER', message);
  }
}

/** 20261123T124003Z: for names of folders. */
export function stampOf(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
