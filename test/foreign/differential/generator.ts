import { below, chance, pick, type Random } from '../../../lib/base/index.js';
import { digestId } from '../../../lib/coordination/auth/index.js';
import { ADD_WATCH, CREATE_FLAGS, OP, WATCHER } from '../../../lib/wire/zookeeper/opcodes.js';
import type { WireAcl } from '../../../lib/wire/zookeeper/records.js';
import type {
  CreateRequest,
  MultiWrite,
  Request,
  SetWatchesRequest,
  WatchableRead,
} from '../../../lib/wire/zookeeper/requests.js';
import { isLimited, QuotaRequests } from './quotas.js';
import { isDeepest, mayBeHidden, Paths, soleWatcher, watchMode, type WatchMode } from './paths.js';

const LONGEST = 20;
const OPEN: WireAcl = { permissions: 31, scheme: 'world', id: 'anyone' };
const READ_ONLY: WireAcl = { permissions: 1, scheme: 'world', id: 'anyone' };
const OWN: WireAcl = { permissions: 31, scheme: 'digest', id: digestId(Buffer.from('u:p'))! };
/** Lists that are refused, and such that let everybody read. */
const ACLS: readonly (readonly WireAcl[])[] = [
  [READ_ONLY],
  [],
  [READ_ONLY, { permissions: 31, scheme: 'auth', id: '' }],
  [OWN, READ_ONLY],
  [{ permissions: 31, scheme: 'digest', id: 'nocolon' }],
  [{ permissions: 31, scheme: 'ip', id: '127.0.0.0/8' }],
  [{ permissions: 31, scheme: 'ip', id: '10.0.0.0/8' }, READ_ONLY],
  [{ permissions: 31, scheme: 'ip', id: '300.0.0.1' }],
  [{ permissions: 31, scheme: 'nosuch', id: 'x' }],
  [OPEN, OPEN, READ_ONLY],
];
const HIDING: readonly (readonly WireAcl[])[] = [
  ...ACLS,
  [{ permissions: 31, scheme: 'auth', id: '' }],
  [OWN],
  [{ permissions: 31, scheme: 'ip', id: '10.0.0.0/8' }],
  [{ permissions: 30, scheme: 'world', id: 'anyone' }],
  [{ permissions: 16, scheme: 'world', id: 'anyone' }],
  [{ permissions: 31, scheme: 'sasl', id: 'alice' }],
];
/** One that no node comes to. */
const NO_VERSION = 1_000_000;
const VERSIONS = [0, 0, 1, 2, 5, -2];

/** Draws requests over a small tree, so that many of them meet. */
export class Generator {
  private readonly random: Random;
  private readonly paths: Paths;
  private readonly quotas: QuotaRequests;
  /** Whose requests are drawn. */
  private session = 0;

  constructor(random: Random) {
    this.random = random;
    this.paths = new Paths(random);
    this.quotas = new QuotaRequests(random);
  }

  /** A create was answered with this path. */
  saw(path: string): void {
    if (isLimited(path)) return;
    this.paths.saw(path);
  }

  /**
   * Some to be sent in one piece. ZooKeeper answers credentials out of turn: they go alone. What is sent on the heels of
   * a setACL is judged by the ACL before it there (PrepRequestProcessor), and a write by what the quota counted before the
   * writes that are under way: nothing is.
   */
  requests(session: number): Request[] {
    this.session = session;
    if (chance(this.random, 0.03)) return [this.credentials()];
    if (chance(this.random, 0.15)) return [this.quotas.one()];
    const requests: Request[] = [];
    for (let left = 1 + below(this.random, LONGEST); left > 0; left--) {
      const request = this.request();
      requests.push(request);
      if (request.op === OP.setAcl) break;
    }
    return requests;
  }

  /** What a client that comes back would watch. */
  watches(session: number): Omit<SetWatchesRequest, 'relativeZxid'> {
    const of = (mode: WatchMode): string[] => {
      const drawn = Array.from({ length: below(this.random, 5) }, () => this.paths.watched(session));
      return drawn.filter((one) => one.mode === mode).map(({ path }) => path);
    };
    return {
      op: OP.setWatches2,
      data: of('standard'),
      exists: of('standard'),
      children: of('standard'),
      persistent: of('persistent'),
      persistentRecursive: of('persistent-recursive'),
    };
  }

  private request(): Request {
    const { random, paths } = this;
    switch (below(random, 20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return this.create();
      case 5:
      case 6:
        return { op: OP.delete, path: paths.any(), version: this.version() };
      case 7:
      case 8:
        return { op: OP.setData, path: paths.any(), data: this.data(), version: this.version() };
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
        return chance(random, 0.5) ? this.setAcl() : this.read();
      case 16:
        return this.rareRead();
      case 17:
        return chance(random, 0.1) ? this.nonsense() : this.addWatch();
      case 18:
        return chance(random, 0.5)
          ? this.watchQuestion()
          : { op: OP.getEphemerals, path: pick(random, ['/', '/a', paths.good()]) };
      default:
        // ZooKeeper never answers one that succeeds.
        if (chance(random, 0.3)) return { op: OP.check, path: paths.any(), version: NO_VERSION };
        return { op: pick(random, [OP.ping, OP.whoAmI]) };
    }
  }

  /** Kinds of watches that there are not. */
  private nonsense(): Request {
    const op = pick(this.random, [OP.addWatch, OP.checkWatches, OP.removeWatches]);
    return { op, path: this.paths.any(), kind: pick(this.random, [-1, 6, 7, 2 ** 31 - 1]) };
  }

  private credentials(): Request {
    return { op: OP.auth, scheme: 'digest', credentials: Buffer.from(pick(this.random, ['u:p', 'v:q'])) };
  }

  private create(): CreateRequest {
    const { random } = this;
    const path = this.paths.any();
    const head = { path, data: this.data(), acl: this.acl(path) };
    if (chance(random, 0.06)) {
      const flags = pick(random, [CREATE_FLAGS.ttl, CREATE_FLAGS.ttlSequential, CREATE_FLAGS.persistent]);
      // What 3.8 makes of a TTL of -1 for a node that has none, it cannot apply.
      const none = flags === CREATE_FLAGS.persistent ? 0 : -1;
      return { op: OP.createTtl, ...head, flags, ttlMs: pick(random, [3_600_000, 0, none, 2 ** 40]) };
    }
    // One that had a child would be collected when a clock says so.
    if (isDeepest(path) && chance(random, 0.1))
      return { op: OP.createContainer, ...head, flags: CREATE_FLAGS.container, ttlMs: -1 };
    const flags = pick(random, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 7, pick(random, [8, 9, 100, -1])]);
    return { op: pick(random, [OP.create, OP.create2]), ...head, flags, ttlMs: -1 };
  }

  private setAcl(): Request {
    const path = this.paths.any();
    return { op: OP.setAcl, path, acl: this.acl(path), version: this.version() };
  }

  private write(): MultiWrite {
    const { random, paths } = this;
    switch (below(random, 5)) {
      case 0:
        return { op: OP.delete, path: paths.any(), version: this.version() };
      case 1:
        return { op: OP.setData, path: paths.any(), data: this.data(), version: this.version() };
      case 2:
        return { op: OP.check, path: paths.any(), version: this.version() };
      default:
        return this.create();
    }
  }

  private read(): Request {
    const path = this.paths.any();
    // In 3.8.0 exists is answered to those who may not read the node too (ZOOKEEPER-2590).
    const ops = [OP.getData, OP.getChildren, OP.getChildren2, ...(mayBeHidden(path) ? [] : [OP.exists])];
    const op = pick(this.random, ops);
    const mayWatch = watchMode(this.session, path) === 'standard';
    return { op, path, watch: mayWatch && chance(this.random, 0.7) };
  }

  private rareRead(): Request {
    const path = this.paths.any();
    // Of the empty path ZooKeeper counts a node more than of the root, which it is.
    const ops = [OP.getAcl, OP.sync, ...(path === '' ? [] : [OP.getAllChildrenNumber])];
    return { op: pick(this.random, ops), path };
  }

  private addWatch(): Request {
    const { path, mode } = this.paths.watched(this.session);
    switch (mode) {
      case 'standard':
        return { op: pick(this.random, [OP.exists, OP.getData, OP.getChildren]), path, watch: true };
      case 'persistent':
        return { op: OP.addWatch, path, kind: ADD_WATCH.persistent };
      case 'persistent-recursive':
        return { op: OP.addWatch, path, kind: ADD_WATCH.persistentRecursive };
    }
  }

  /**
   * In 3.8 a persistent watch is also one of data and one of children (ZOOKEEPER-4471): only `any` means the same. And
   * checkWatches finds the watches of others there.
   */
  private watchQuestion(): Request {
    const { session, random } = this;
    const { path, mode } = this.paths.watched(session);
    const kinds = mode === 'standard' ? [WATCHER.children, WATCHER.data, WATCHER.any] : [WATCHER.any];
    const check = soleWatcher(path) === session && chance(random, 0.7);
    return { op: check ? OP.checkWatches : OP.removeWatches, path, kind: pick(random, kinds) };
  }

  private plainRead(): WatchableRead {
    return { op: pick(this.random, [OP.getData, OP.getChildren]), path: this.paths.any(), watch: false };
  }

  private list<T>(limit: number, item: () => T): T[] {
    return Array.from({ length: below(this.random, limit) }, item);
  }

  private data(): Uint8Array | null {
    if (chance(this.random, 0.15)) return null;
    return new Uint8Array(below(this.random, 20)).fill(0x61 + below(this.random, 26));
  }

  private acl(path: string): readonly WireAcl[] {
    if (chance(this.random, 0.85)) return [OPEN];
    return pick(this.random, mayBeHidden(path) ? HIDING : ACLS);
  }

  private version(): number {
    return chance(this.random, 0.7) ? -1 : pick(this.random, VERSIONS);
  }
}
