import type { Cluster } from '../cluster/cluster.js';
import type { Fault } from './fault.js';
import { FillDisk } from './fill-disk.js';
import { Flip, Stale, Wipe } from './folders.js';
import { FullDisk } from './full-disk.js';
import { Grow, Replace, Shrink } from './membership.js';
import { Cut, Reset } from './links.js';
import type { Link } from './network.js';
import type { PlannedFault } from './plan.js';
import { Kill, Pause } from './processes.js';

const LEADER_LIMIT_MS = 30_000;

/** See `MakeFault`. */
export async function makeFault(
  { number, kind, draw, durationMs }: PlannedFault,
  cluster: Cluster,
  taken: readonly string[],
): Promise<Fault> {
  const free = (ids: readonly string[]) => ids.filter((id) => !taken.includes(id));
  const drawn = (ids: readonly string[]) => free(ids)[draw % free(ids).length]!;
  const one = drawn(cluster.masters);
  const leader = async () => {
    const id = await cluster.awaitLeader(LEADER_LIMIT_MS);
    return taken.includes(id) ? one : id;
  };
  const { network } = cluster;
  const around = (id: string) => [...network.linksFrom(id), ...network.linksTo(id)];
  const cut = (id: string, links: readonly Link[]) => new Cut(cluster, id, links);
  switch (kind) {
    case 'kill-leader':
      return new Kill(cluster, [await leader()]);
    case 'kill-one':
      return new Kill(cluster, [one]);
    case 'kill-all':
      return new Kill(cluster, cluster.masters);
    case 'kill-agent':
      return new Kill(cluster, [drawn(cluster.agents)]);
    case 'pause-leader':
      return new Pause(cluster, [await leader()]);
    case 'pause-one':
      return new Pause(cluster, [one]);
    case 'pause-all':
      return new Pause(cluster, cluster.masters);
    case 'isolate-leader': {
      const id = await leader();
      return cut(id, around(id));
    }
    case 'isolate-one':
      return cut(one, around(one));
    case 'mute-leader': {
      const id = await leader();
      return cut(id, network.linksFrom(id));
    }
    case 'deafen-leader': {
      const id = await leader();
      return cut(id, network.linksTo(id));
    }
    case 'reset-links':
      return new Reset(cluster, one, around(one));
    case 'flip-log':
      return new Flip(cluster, one, 'raft', draw);
    case 'flip-state':
      return new Flip(cluster, one, 'state', draw);
    case 'flip-witness':
      return new Flip(cluster, one, 'witness', draw);
    case 'flip-cold':
      return new Flip(cluster, one, 'raft', draw, cluster.masters);
    case 'full-disk-leader':
      return new FullDisk(cluster, await leader());
    case 'full-disk-one':
      return new FullDisk(cluster, one);
    case 'little-room':
      return new FillDisk(cluster, one, true, number);
    case 'no-room-leader':
      return new FillDisk(cluster, await leader(), false, number);
    case 'no-room-one':
      return new FillDisk(cluster, one, false, number);
    case 'grow':
      return new Grow(cluster, { interrupt: null });
    case 'grow-kill':
      return new Grow(cluster, { interrupt: 'leader' });
    case 'shrink-leader':
      return new Shrink(cluster, await leader());
    case 'shrink-one':
      return new Shrink(cluster, one);
    case 'replace-leader':
      return new Replace(cluster, await leader(), { interrupt: null });
    case 'replace-kill':
      return new Replace(cluster, one, { interrupt: 'leader' });
    case 'wipe-leader':
      return new Wipe(cluster, await leader());
    case 'wipe-one':
      return new Wipe(cluster, one);
    case 'lose-votes':
      return new Flip(cluster, one, 'votes', draw);
    case 'stale-folder':
      return new Stale(cluster, one, durationMs);
  }
}
