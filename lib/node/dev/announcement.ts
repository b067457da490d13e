import type { Picture } from './picture.js';

/** What `dev --json` prints once the cluster serves. Doors that do not exist yet are null. */
export interface Announcement {
  readonly masters: readonly {
    readonly id: string;
    readonly pid: number;
    readonly http: string | null;
    readonly grpc: string;
    readonly peer: string;
    readonly zk: string | null;
  }[];
  readonly agents: readonly { readonly id: string; readonly pid: number; readonly http: string | null }[];
  readonly leader: string;
}

/** Whether a leader has applied an entry of its own term and every agent is registered. */
export function serves({ masters, agents, leader }: Picture): boolean {
  const leading = masters.find(({ id }) => id === leader);
  return (
    leading?.role === 'leader' &&
    leading.progress?.healthy === true &&
    agents.every(({ state }) => state === 'registered')
  );
}

/** Doors of a master that its picture does not show. */
export interface DoorPlan {
  readonly peer: string;
  readonly zookeeper: string;
  readonly http?: string;
}

export function announce(
  { masters, agents, leader }: Picture,
  planOf: (id: string) => DoorPlan | null,
): Announcement {
  return {
    masters: masters.map(({ id, pid, grpc }) => {
      const { http = null, peer = '', zookeeper: zk = null } = planOf(id) ?? {};
      return { id, pid: pid ?? 0, http, grpc, peer, zk };
    }),
    agents: agents.map(({ id, pid }) => ({ id, pid: pid ?? 0, http: null })),
    leader: leader ?? '',
  };
}
