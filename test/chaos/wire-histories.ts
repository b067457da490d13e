import type { HistoryEvent, WithoutNames } from '../../chaos/history/history.js';
import type { ReplyRecord, SeenStat, WireRecord } from '../../chaos/history/wire.js';
import type { Timed } from '../../chaos/judges/zookeeper/records.js';

/** Seconds, as judges count them. */
export const SECOND = 1e9;

const REPLY: ReplyRecord = {
  wire: 'reply',
  connection: 1,
  sentNs: 0,
  syncedNs: null,
  op: 'getData',
  path: '/n',
  zxid: 1,
  err: 0,
  watch: false,
  value: null,
  stat: null,
  names: null,
  written: [],
};

/** What one session of one client recorded; times are seconds. */
export class Recorder {
  readonly client: string;
  readonly session: string;

  constructor(client: string, session: string = `of-${client}`) {
    this.client = client;
    this.session = session;
  }

  record(at: number, what: WithoutNames<WireRecord>): Timed {
    const { client, session } = this;
    return { ns: at * SECOND, client, session, ...what };
  }

  granted(at: number, { connection = 1, member = 'm1', timeoutMs = 6_000 } = {}): Timed {
    return this.record(at, { wire: 'granted', connection, member, timeoutMs, sentNs: at * SECOND });
  }

  expired(at: number): Timed {
    return this.record(at, { wire: 'expired', connection: 9, member: 'm1', sentNs: at * SECOND });
  }

  lost(at: number, { connection = 1, wrote = [] as readonly (readonly [string, string])[] } = {}): Timed {
    const unanswered = wrote.map(([path, value]) => ({ path, value }));
    return this.record(at, {
      wire: 'lost',
      connection,
      why: 'closed',
      ending: false,
      unanswered,
    });
  }

  event(at: number, event: number, path: string): Timed {
    return this.record(at, { wire: 'event', connection: 1, event, path });
  }

  /** Sent and answered at once, unless said otherwise. */
  reply(at: number, what: Partial<ReplyRecord>): Timed {
    return this.record(at, { ...REPLY, sentNs: at * SECOND, ...what });
  }

  wrote(at: number, path: string, value: string, zxid: number): Timed {
    return this.reply(at, { op: 'setData', path, zxid, written: [{ path, value }] });
  }

  /** `mzxid` null: there is no such node. */
  read(at: number, path: string, mzxid: number | null, what: Partial<ReplyRecord> = {}): Timed {
    const found =
      mzxid === null ? { err: -101 } : { value: `v${mzxid}`, stat: stat({ mzxid, version: mzxid }) };
    return this.reply(at, { path, zxid: mzxid ?? 1, ...found, ...what });
  }
}

export function stat(what: Partial<SeenStat>): SeenStat {
  return { czxid: 1, mzxid: 1, pzxid: 1, version: 0, owner: null, ...what };
}

export function eventsOf(records: readonly Timed[]): HistoryEvent[] {
  return records.map(({ ns, ...record }) => ({ ns, type: 'wire', record }));
}
