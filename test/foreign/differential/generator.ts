import { below, chance, pick, type Random } from '../../../lib/base/index.js';
import { digestId } from '../../../lib/coordination/auth/index.js';
import { CREATE_FLAGS, OP } from '../../../lib/wire/zookeeper/opcodes.js';
import type { WireAcl } from '../../../lib/wire/zookeeper/records.js';
import type {
  CreateRequest,
  MultiWrite,
  Request,
  WatchableRead,
} from '../../../lib/wire/zookeeper/requests.js';

const NAMES = ['a', 'b', 'c', 'd'];
const BAD_PATHS = [
  '',
  'a',
  'a/b',
  '//',
  '/a/',
  '/a//b',
  '/a/./b',
  '/..',
  '/a\u0001',
  '/\u0085',
  '/\uf000',
  '/a\0b',
];
const OPEN: WireAcl = { permissions: 31, scheme: 'world', id: 'anyone' };
const READ_ONLY: WireAcl = { permissions: 1, scheme: 'world', id: 'anyone' };
const ACLS: readonly (readonly WireAcl[])[] = [
  [READ_ONLY],
  [],
  [{ permissions: 31, scheme: 'auth', id: '' }],
  [{ permissions: 31, scheme: 'digest', id: digestId(Buffer.from('u:p'))! }],
  [{ permissions: 31, scheme: 'digest', id: 'nocolon' }],
  [{ permissions: 31, scheme: 'ip', id: '127.0.0.0/8' }],
  [{ permissions: 31, scheme: 'ip', id: '10.0.0.0/8' }, READ_ONLY],
  [{ permissions: 31, scheme: 'ip', id: '300.0.0.1' }],
  [{ permissions: 31, scheme: 'nosuch', id: 'x' }],
  [OPEN, OPEN, READ_ONLY],
];
const VERSIONS = [0, 0, 1, 2, 5, -2];

/** Draws requests over a small tree, so that many of them meet. */
export class Generator {
  private readonly random: Random;
  /** Paths with numbers that a server gave, as far as they were seen. */
  private readonly numbered: string[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  /** A create was answered with this path. */
  saw(path: string): void {
    this.numbered.push(path);
    if (this.numbered.length > 20) this.numbered.shift();
  }

  /** Some to be sent in one piece. ZooKeeper answers credentials out of turn: they go alone. */
  requests(): Request[] {
    if (chance(this.random, 0.03)) return [this.credentials()];
    return Array.from({ length: 1 + below(this.random, 5) }, () => this.request());
  }

  request(): Request {
    const { random } = this;
    switch (below(random, 20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return this.create();
      case 5:
      case 6:
        return { op: OP.delete, path: this.path(), version: this.version() };
      case 7:
      case 8:
        return { op: OP.setData, path: this.path(), data: this.data(), version: this.version() };
      case 9:
      case 10:
      case 11:
      case 12:
        return this.read();
      case 13:
        return { op: OP.multi, requests: this.list(6, () => this.write()) };
      case 14:
        return { op: OP.multiRead, requests: this.list(5, () => this.plainRead()) };
      case 15:
        return { op: OP.setAcl, path: this.path(), acl: this.acl(), version: this.version() };
      case 16:
        return { op: pick(random, [OP.getAcl, OP.sync, OP.getAllChildrenNumber]), path: this.path() };
      case 17:
        return { op: OP.addWatch, path: this.goodPath(), kind: below(random, 2) };
      case 18:
        return chance(random, 0.5)
          ? {
              op: pick(random, [OP.checkWatches, OP.removeWatches]),
              path: this.goodPath(),
              kind: 1 + below(random, 3),
            }
          : { op: OP.getEphemerals, path: pick(random, ['/', '/a', this.goodPath()]) };
      default:
        return this.rare();
    }
  }

  private rare(): Request {
    const { random } = this;
    return { op: pick(random, [OP.ping, OP.whoAmI]) };
  }

  private credentials(): Request {
    return { op: OP.auth, scheme: 'digest', credentials: Buffer.from(pick(this.random, ['u:p', 'v:q'])) };
  }

  private create(): CreateRequest {
    const { random } = this;
    const head = { path: this.path(), data: this.data(), acl: this.acl() };
    if (chance(random, 0.06)) {
      const flags = pick(random, [CREATE_FLAGS.ttl, CREATE_FLAGS.ttlSequential, CREATE_FLAGS.persistent]);
      return { op: OP.createTtl, ...head, flags, ttlMs: pick(random, [3_600_000, 0, -1, 2 ** 40]) };
    }
    if (chance(random, 0.05))
      return { op: OP.createContainer, ...head, flags: CREATE_FLAGS.container, ttlMs: -1 };
    const flags = pick(random, [0, 0, 0, 1, 1, 2, 3]);
    return { op: pick(random, [OP.create, OP.create2]), ...head, flags, ttlMs: -1 };
  }

  private write(): MultiWrite {
    const { random } = this;
    switch (below(random, 5)) {
      case 0:
        return { op: OP.delete, path: this.path(), version: this.version() };
      case 1:
        return { op: OP.setData, path: this.path(), data: this.data(), version: this.version() };
      case 2:
        return { op: OP.check, path: this.path(), version: this.version() };
      default:
        return this.create();
    }
  }

  private read(): Request {
    const op = pick(this.random, [OP.exists, OP.getData, OP.getChildren, OP.getChildren2]);
    return { op, path: this.path(), watch: chance(this.random, 0.5) };
  }

  private plainRead(): WatchableRead {
    return { op: pick(this.random, [OP.getData, OP.getChildren]), path: this.path(), watch: false };
  }

  private list<T>(limit: number, item: () => T): T[] {
    return Array.from({ length: below(this.random, limit) }, item);
  }

  private path(): string {
    if (chance(this.random, 0.04)) return pick(this.random, BAD_PATHS);
    if (this.numbered.length > 0 && chance(this.random, 0.1)) return pick(this.random, this.numbered);
    if (chance(this.random, 0.02))
      return pick(this.random, ['/zookeeper', '/zookeeper/quota', '/zookeeper/config']);
    return this.goodPath();
  }

  private goodPath(): string {
    if (chance(this.random, 0.03)) return '/';
    const parts = Array.from({ length: 1 + below(this.random, 3) }, () => pick(this.random, NAMES));
    return `/${parts.join('/')}`;
  }

  private data(): Uint8Array | null {
    if (chance(this.random, 0.15)) return null;
    return new Uint8Array(below(this.random, 20)).fill(0x61 + below(this.random, 26));
  }

  private acl(): readonly WireAcl[] {
    return chance(this.random, 0.85) ? [OPEN] : pick(this.random, ACLS);
  }

  private version(): number {
    return chance(this.random, 0.7) ? -1 : pick(this.random, VERSIONS);
  }
}
