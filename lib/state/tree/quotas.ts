import type { Refusal } from '../turn.js';
import type { NodeTable } from './nodes.js';
import { readStatsTrack, writeUse } from './stats-track.js';
import { SYSTEM } from './system.js';

const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** What a change adds to a subtree; negative where it takes. */
export interface Growth {
  readonly nodes: number;
  readonly bytes: number;
}

/**
 * Quotas as ZooKeeper's clients set them: a node `/zookeeper/quota<path>/zookeeper_limits` limits the nodes at and
 * below `path` and the bytes of their data, and `zookeeper_stats` beside it holds what is used. Hard limits refuse
 * what would pass them; soft ones are for people to look at. Which paths have a quota is derived from the tree.
 */
export class Quotas {
  private readonly nodes: NodeTable;
  private readonly paths: Set<string> = new Set();

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  /** The deepest path with a quota at or above `path`, or null: as in ZooKeeper, one above it then counts nothing of this. */
  private covering(path: string): string | null {
    if (this.paths.size === 0) return null;
    for (let above = path; above !== ''; above = above.slice(0, above.lastIndexOf('/'))) {
      if (this.paths.has(above)) return above;
    }
    return null;
  }

  /** Why a change that adds `growth` at `path` may not be, or null. */
  fault(path: string, growth: Growth): Refusal | null {
    const quota = this.covering(path);
    if (quota === null) return null;
    const limits = this.track(quota, LIMITS);
    const use = this.track(quota, STATS);
    if (limits === null || use === null) return null;
    return (
      exceeded(quota, 'nodes', use.count + growth.nodes, limits.countHardLimit, growth.nodes) ??
      exceeded(quota, 'bytes of data', use.bytes + growth.bytes, limits.byteHardLimit, growth.bytes)
    );
  }

  /** Keeps count of a change that was made. Like ZooKeeper, without touching version or zxid of the statistics. */
  changed(path: string, growth: Growth): void {
    const quota = this.covering(path);
    if (quota === null) return;
    const use = this.track(quota, STATS);
    if (use === null) return;
    this.writeStats(quota, use.count + growth.nodes, use.bytes + growth.bytes);
  }

  /** A node was created: it may be a limit, or statistics that are to be counted now. */
  created(path: string): void {
    const quota = quotaOf(path, LIMITS);
    if (quota !== null) this.paths.add(quota);
    const counted = quotaOf(path, STATS);
    if (counted !== null) this.count(counted);
  }

  deleted(path: string): void {
    const quota = quotaOf(path, LIMITS);
    if (quota !== null) this.paths.delete(quota);
  }

  /** A deletion is taken back. */
  restored(path: string): void {
    const quota = quotaOf(path, LIMITS);
    if (quota !== null) this.paths.add(quota);
  }

  /** After a load: finds the limits that are in the tree. */
  finishLoad(): void {
    this.paths.clear();
    const row = this.nodes.find(SYSTEM.quota);
    if (row < 0) return;
    this.nodes.forEachBelow(row, (below) => {
      const quota = quotaOf(this.nodes.path(below), LIMITS);
      if (quota !== null) this.paths.add(quota);
    });
  }

  private count(quota: string): void {
    let count = 0;
    let bytes = 0;
    const row = this.nodes.find(quota);
    if (row >= 0) {
      this.nodes.forEachBelow(row, (below) => {
        count++;
        bytes += this.nodes.data.length(below);
      });
    }
    this.writeStats(quota, count, bytes);
  }

  private track(quota: string, name: string): ReturnType<typeof readStatsTrack> | null {
    const row = this.nodes.find(nodeOf(quota, name));
    return row < 0 ? null : readStatsTrack(this.nodes.data.view(row));
  }

  private writeStats(quota: string, count: number, bytes: number): void {
    const row = this.nodes.find(nodeOf(quota, STATS));
    if (row >= 0) this.nodes.setData(row, writeUse(count, bytes));
  }
}

function nodeOf(quota: string, name: string): string {
  return quota === '/' ? `${SYSTEM.quota}/${name}` : `${SYSTEM.quota}${quota}/${name}`;
}

/** The path that the node limits (or counts), or null when it is another node. */
function quotaOf(path: string, name: string): string | null {
  if (!path.startsWith(`${SYSTEM.quota}/`) || !path.endsWith(`/${name}`)) return null;
  return path.slice(SYSTEM.quota.length, -(name.length + 1)) || '/';
}

function exceeded(
  quota: string,
  what: string,
  wanted: number,
  limit: number,
  growth: number,
): Refusal | null {
  if (limit < 0 || wanted <= limit || growth <= 0) return null;
  return {
    code: 'QUOTA_EXCEEDED',
    message: `${wanted} ${what} at and below ${quota}; the quota is ${limit}`,
  };
}
