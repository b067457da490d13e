import path from 'node:path';
import { LEVEL_ENTRIES, type GroupClient, type Member } from '../group.js';
import { Ensemble, type Seat } from '../support/ensemble.js';
import { EtcdClient } from './client.js';
import { post } from './http.js';

/** 64-bit numbers are strings in etcd's JSON. */
interface StatusReply {
  readonly header: { readonly member_id: string };
  readonly leader: string;
  readonly raftIndex: string;
  readonly raftAppliedIndex: string;
}

const STATUS_MS = 500;

/** etcd with its defaults (heartbeat 100 ms, election 1000 ms, every entry synced). */
export class EtcdGroup extends Ensemble {
  readonly name = 'etcd';
  private readonly patienceMs: number | null;

  constructor(patienceMs: number | null) {
    super();
    this.patienceMs = patienceMs;
  }

  client(address: string, number: number): GroupClient {
    return new EtcdClient(address, number, this.patienceMs);
  }

  protected command({ id, folder, address, peerPort }: Seat) {
    const options = {
      name: id,
      'data-dir': path.join(folder, 'data'),
      'listen-client-urls': `http://${address}`,
      'advertise-client-urls': `http://${address}`,
      'listen-peer-urls': peerUrl(peerPort),
      'initial-advertise-peer-urls': peerUrl(peerPort),
      'initial-cluster': this.seats.map((seat) => `${seat.id}=${peerUrl(seat.peerPort)}`).join(','),
      'initial-cluster-state': 'new',
    };
    return { command: 'etcd', args: Object.entries(options).map(([name, value]) => `--${name}=${value}`) };
  }

  protected async look(): Promise<Member | null> {
    const asked = this.seats.map(({ address }) => {
      return post(address, '/v3/maintenance/status', {}, { timeoutMs: STATUS_MS }).catch(() => null);
    });
    const answers = (await Promise.all(asked)) as (StatusReply | null)[];
    const statuses = answers.filter((answer) => answer !== null);
    if (statuses.length < this.seats.length || statuses.some(({ leader }) => !leader)) return null;
    if (new Set(statuses.map(({ leader }) => leader)).size !== 1) return null;
    const last = Math.max(...statuses.map(({ raftIndex }) => Number(raftIndex)));
    const level = statuses.every(({ raftAppliedIndex }) => last - Number(raftAppliedIndex) < LEVEL_ENTRIES);
    const leading = statuses.findIndex(({ header, leader }) => header.member_id === leader);
    return level ? (this.seats[leading] ?? null) : null;
  }
}

function peerUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}
