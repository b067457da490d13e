import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { OP } from '../../../lib/wire/zookeeper/opcodes.js';
import { readAcls, readStat, readTexts, type WireStat } from '../../../lib/wire/zookeeper/records.js';
import { readMultiResults, readReplyHeader, type MultiResult } from '../../../lib/wire/zookeeper/replies.js';
import type { Request } from '../../../lib/wire/zookeeper/requests.js';
import type { Received } from '../../support/raw-session.js';

/**
 * What a server said, as text that two servers must agree on. Revisions, times and session ids are their own, so they
 * are replaced: a revision by the place at which it was first seen, a session by its number in the run, a time by
 * whether it is one. Everything else stands as it came, and bytes beyond the layout are told.
 */
export class Transcript {
  private readonly zxids: Map<number, number> = new Map();
  private readonly sessions: Map<string, number> = new Map();

  session(id: string): number {
    return this.number(this.sessions, id);
  }

  line({ frame, request }: Received): string {
    const r = new JuteReader(frame);
    const { xid, zxid, err } = readReplyHeader(r);
    if (request === null) {
      return `event ${zxid} ${r.int()} ${r.int()} ${r.text()}${this.rest(r)}`;
    }
    const wrote = isWrite(request) && err === 0 ? ` z${this.number(this.zxids, zxid)}` : '';
    const body = err === 0 ? this.body(r, request) : '';
    return `reply ${xid} ${err}${wrote}${body}${this.rest(r)}`;
  }

  private body(r: JuteReader, request: Request): string {
    switch (request.op) {
      case OP.create:
      case OP.sync:
        return ` ${r.text()}`;
      case OP.create2:
      case OP.createContainer:
      case OP.createTtl:
        return ` ${r.text()} ${this.stat(readStat(r))}`;
      case OP.exists:
      case OP.setData:
      case OP.setAcl:
        return ` ${this.stat(readStat(r))}`;
      case OP.getData:
        return ` ${bytesOf(r.buffer())} ${this.stat(readStat(r))}`;
      case OP.getAcl:
        return ` ${sorted(readAcls(r).map((entry) => JSON.stringify(entry)))} ${this.stat(readStat(r))}`;
      case OP.getChildren:
      case OP.getEphemerals:
        return ` ${sorted(readTexts(r))}`;
      case OP.getChildren2:
        return ` ${sorted(readTexts(r))} ${this.stat(readStat(r))}`;
      case OP.getAllChildrenNumber:
      case OP.addWatch:
        return ` ${r.int()}`;
      case OP.whoAmI:
        return ` ${sorted(r.vector(8, () => `${r.text()}:${r.text()}`))}`;
      case OP.multi:
      case OP.multiRead:
        return ` ${readMultiResults(r)
          .map((result) => this.result(result))
          .join('; ')}`;
      default:
        return '';
    }
  }

  private result(result: MultiResult): string {
    switch (result.kind) {
      case 'created':
        return `created ${result.path}`;
      case 'created2':
        return `created2 ${result.path} ${this.stat(result.stat)}`;
      case 'set':
        return `set ${this.stat(result.stat)}`;
      case 'data':
        return `data ${bytesOf(result.data)} ${this.stat(result.stat)}`;
      case 'children':
        return `children ${sorted(result.names)}`;
      case 'error':
        return `error ${result.err}`;
      case 'deleted':
      case 'checked':
        return result.kind;
    }
  }

  private stat(stat: WireStat): string {
    const zxids = [stat.czxid, stat.mzxid, stat.pzxid].map((zxid) => `z${this.number(this.zxids, zxid)}`);
    const times = [stat.ctimeMs, stat.mtimeMs].map((ms) => (ms > 0 ? 't' : ms));
    const owner = /^0+$/.test(stat.ephemeralOwner) ? '-' : `s${this.session(stat.ephemeralOwner)}`;
    const counts = [stat.version, stat.cversion, stat.aversion, stat.dataLength, stat.numChildren];
    return `(${[...zxids, ...times, ...counts, owner].join(' ')})`;
  }

  private rest(r: JuteReader): string {
    return r.remaining === 0 ? '' : ` and ${r.remaining} bytes more`;
  }

  private number<T>(seen: Map<T, number>, value: T): number {
    let number = seen.get(value);
    if (number === undefined) seen.set(value, (number = seen.size));
    return number;
  }
}

/** Whether it can change something. */
export function isWrite(request: Request): boolean {
  return (
    request.op === OP.create ||
    request.op === OP.create2 ||
    request.op === OP.createContainer ||
    request.op === OP.createTtl ||
    request.op === OP.delete ||
    request.op === OP.setData ||
    request.op === OP.setAcl ||
    request.op === OP.check ||
    request.op === OP.multi
  );
}

function bytesOf(data: Uint8Array | null): string {
  return data === null ? 'null' : `"${Buffer.from(data).toString('latin1')}"`;
}

/** The order of texts by their code units. */
export function byCode(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Lists of names come in no order, nor do the identities that an entry `auth` stands for. */
function sorted(texts: readonly string[]): string {
  return `[${[...texts].sort(byCode).join(' ')}]`;
}
