import { Agent } from 'node:http';
import { VALUE_BYTES, type GroupClient } from '../group.js';
import { pause } from '../support/time.js';
import { post } from './http.js';

interface PutReply {
  readonly header: { readonly raft_term: string };
}

/**
 * etcd keeps a write that it had passed on to a leader which then died for 7 s (5 s and two election timeouts) and
 * answers "request timed out"; a client that waits for that answer is idle long after the next leader serves. Ours
 * give up much earlier and write again, each after another time, so that the figures show the group and not the wait.
 */
const PATIENCE_MS = { least: 200, spread: 100 } as const;
const REFUSED_PAUSE_MS = 10;

/** Puts over one kept connection. */
export class EtcdClient implements GroupClient {
  private readonly address: string;
  private readonly patienceMs: number | null;
  private readonly put: object;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** `patienceMs`: how long a write is waited for; null: as the note on etcd's own 7 s says. */
  constructor(address: string, number: number, patienceMs: number | null) {
    this.address = address;
    this.patienceMs = patienceMs;
    const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
    this.put = { key: base64(`/failover/c${number}`), value: base64(new Uint8Array(VALUE_BYTES)) };
  }

  /** A key needs no parent. */
  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(): Promise<number> {
    const timeoutMs = this.patienceMs ?? PATIENCE_MS.least + Math.random() * PATIENCE_MS.spread;
    try {
      const reply = (await post(this.address, '/v3/kv/put', this.put, {
        timeoutMs,
        agent: this.agent,
      })) as PutReply;
      return Number(reply.header.raft_term);
    } catch (error) {
      await pause(REFUSED_PAUSE_MS);
      throw error;
    }
  }

  close(): void {
    this.agent.destroy();
  }
}
