import { below, chance, pick, type Random } from '../../../lib/base/index.js';
import { OP } from '../../../lib/wire/zookeeper/opcodes.js';
import type { Request } from '../../../lib/wire/zookeeper/requests.js';

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
/** What has or may have a quota is below these, and they alone. */
const LIMITED = ['/q', '/r'];
/** Where quotas are set: one above another too. */
const QUOTAS = [...LIMITED, '/q/a'];
const BELOW = ['', '', '/a', '/b', '/a/c', '/a/d', '/b/c'];
const QUOTA = '/zookeeper/quota';
const MOST_NODES = 6;
const MOST_BYTES = 60;
const LONGEST_DATA = 20;

/** Draws requests around quotas. */
export class QuotaRequests {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  one(): Request {
    const { random } = this;
    switch (below(random, 16)) {
      case 0:
      case 1:
        return this.create(`${QUOTA}${pick(random, QUOTAS)}`, '');
      case 2:
      case 3:
        return this.create(`${QUOTA}${pick(random, QUOTAS)}/zookeeper_limits`, this.limits());
      case 4:
        return this.create(`${QUOTA}${pick(random, QUOTAS)}/zookeeper_stats`, 'count=0,bytes=0');
      case 5:
        return this.set(`${QUOTA}${pick(random, QUOTAS)}/zookeeper_limits`, this.limits());
      case 6:
        return this.read();
      case 7:
        if (chance(random, 0.5)) return this.read();
        return this.remove(
          `${QUOTA}${pick(random, QUOTAS)}${pick(random, ['/zookeeper_limits', '/zookeeper_stats', ''])}`,
        );
      case 8:
      case 9:
      case 10:
        // Never with less than there was: ZooKeeper refuses that too while a quota is passed.
        return this.set(this.path(), 'x'.repeat(LONGEST_DATA));
      case 11:
      case 12:
        return this.remove(this.path());
      default:
        return this.create(this.path(), this.data());
    }
  }

  private path(): string {
    return `${pick(this.random, LIMITED)}${pick(this.random, BELOW)}`;
  }

  private read(): Request {
    const { random } = this;
    const node = pick(random, [
      '/zookeeper_limits',
      '/zookeeper_stats',
      '/zookeeper_stats',
      '/zookeeper_stats',
    ]);
    return { op: OP.getData, path: `${QUOTA}${pick(random, QUOTAS)}${node}`, watch: false };
  }

  private create(path: string, data: string): Request {
    const { random } = this;
    const flags = path.startsWith(QUOTA) ? 0 : pick(random, [0, 0, 0, 0, 1, 2, 3]);
    return {
      op: pick(random, [OP.create, OP.create2]),
      path,
      data: Buffer.from(data),
      acl: OPEN,
      flags,
      ttlMs: -1,
    };
  }

  private set(path: string, data: string): Request {
    return { op: OP.setData, path, data: Buffer.from(data), version: chance(this.random, 0.1) ? 7 : -1 };
  }

  private remove(path: string): Request {
    return { op: OP.delete, path, version: -1 };
  }

  private data(): string {
    return 'x'.repeat(below(this.random, LONGEST_DATA));
  }

  private limits(): string {
    const limit = (most: number): number => (chance(this.random, 0.5) ? -1 : below(this.random, most));
    const [nodes, bytes] = [limit(MOST_NODES), limit(MOST_BYTES)];
    const hard = `byteHardLimit=${limit(MOST_BYTES)};countHardLimit=${limit(MOST_NODES)}`;
    return chance(this.random, 0.2)
      ? `count=${nodes},bytes=${bytes}`
      : `count=${nodes},bytes=${bytes}=;${hard}`;
  }
}

/** Whether a quota may be felt there, or is kept there: ZooKeeper cannot write below one that it cannot read. */
export function isLimited(path: string): boolean {
  return [...LIMITED, `${QUOTA}/`].some((top) => path.startsWith(top));
}
