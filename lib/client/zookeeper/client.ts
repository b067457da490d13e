import { TepuiError } from '../../base/index.js';
import {
  ADD_WATCH,
  CREATE_FLAGS,
  EVENT,
  OP,
  readAcls,
  readStat,
  ZK_ERROR,
  type CreateRequest,
  type JuteReader,
  type Request,
  type WireAcl,
  type WireStat,
} from '../../wire/zookeeper/index.js';
import { refusal } from './errors.js';
import { Session, type SessionOptions, type SessionPorts } from './session.js';

/** Any version will do. */
export const ANY_VERSION = -1;

export type NodeKind =
  | { readonly kind: 'persistent' | 'ephemeral'; readonly sequential: boolean }
  | { readonly kind: 'container' }
  | { readonly kind: 'ttl'; readonly sequential: boolean; readonly ttlMs: number };

export interface NewNode {
  readonly path: string;
  /** Null is not the same as empty. */
  readonly data: Uint8Array | null;
  readonly acl: readonly WireAcl[];
  readonly kind: NodeKind;
}

export type ZooKeeperEvent = 'created' | 'deleted' | 'changed' | 'children';

export interface ZooKeeperListener {
  event(event: ZooKeeperEvent, path: string): void;
  /** The connection is lost; another server is looked for. What changes meanwhile may never be told. */
  interrupted(error: TepuiError): void;
  /** Attached again, watches included. */
  resumed(): void;
  /** SESSION_EXPIRED or AUTH_FAILED: ephemeral nodes are gone, and nothing more comes of this client. */
  ended(error: TepuiError): void;
}

export interface ZooKeeperOptions extends SessionOptions {
  /** How long a request may take, a change of the server included. */
  readonly timeoutMs: number;
}

const EVENTS: Readonly<Record<number, ZooKeeperEvent>> = {
  [EVENT.created]: 'created',
  [EVENT.deleted]: 'deleted',
  [EVENT.dataChanged]: 'changed',
  [EVENT.childrenChanged]: 'children',
};

const SILENT: ZooKeeperListener = {
  event: () => undefined,
  interrupted: () => undefined,
  resumed: () => undefined,
  ended: () => undefined,
};

/**
 * A client of the ZooKeeper protocol, for servers of either make. The first call opens the session; requests are sent in
 * the order of the calls. Every call rejects with a TepuiError: a server's refusal, OUTCOME_UNKNOWN where a write was sent
 * and no answer came, or why no server serves (UNREACHABLE, NO_LEADER, TLS), in which case nothing was done.
 */
export class ZooKeeper {
  private readonly session: Session;
  private readonly timeoutMs: number;

  constructor(options: ZooKeeperOptions, ports: SessionPorts, listener: ZooKeeperListener = SILENT) {
    this.timeoutMs = options.timeoutMs;
    this.session = new Session(options, ports, {
      event: (type, path) => {
        const event = EVENTS[type];
        if (event !== undefined) listener.event(event, path);
      },
      interrupted: (error) => listener.interrupted(error),
      resumed: () => listener.resumed(),
      ended: (error) => listener.ended(error),
    });
  }

  get(path: string): Promise<{ readonly data: Uint8Array | null; readonly stat: WireStat }> {
    return this.ask({ op: OP.getData, path, watch: false }, `get ${path}`, (r) => {
      const data = r.buffer();
      return { data: data === null ? null : Uint8Array.from(data), stat: readStat(r) };
    });
  }

  stat(path: string): Promise<WireStat> {
    return this.ask({ op: OP.exists, path, watch: false }, `stat ${path}`, readStat);
  }

  /** Names, in no particular order. */
  children(path: string): Promise<{ readonly names: readonly string[]; readonly stat: WireStat }> {
    return this.ask({ op: OP.getChildren2, path, watch: false }, `ls ${path}`, (r) => {
      return { names: r.vector(4, () => r.requiredText('a name')), stat: readStat(r) };
    });
  }

  /** The path that it got: a sequential node's ends with a number. */
  create(node: NewNode): Promise<{ readonly path: string; readonly stat: WireStat }> {
    return this.ask(createRequest(node), `create ${node.path}`, (r) => {
      return { path: r.requiredText('a path'), stat: readStat(r) };
    });
  }

  set(path: string, data: Uint8Array | null, version: number = ANY_VERSION): Promise<WireStat> {
    return this.ask({ op: OP.setData, path, data, version }, `set ${path}`, readStat);
  }

  delete(path: string, version: number = ANY_VERSION): Promise<void> {
    return this.ask({ op: OP.delete, path, version }, `rm ${path}`, () => undefined);
  }

  getAcl(path: string): Promise<{ readonly acl: readonly WireAcl[]; readonly stat: WireStat }> {
    return this.ask({ op: OP.getAcl, path }, `getAcl ${path}`, (r) => {
      return { acl: readAcls(r), stat: readStat(r) };
    });
  }

  /** `version` is that of the ACL (`aversion`). */
  setAcl(path: string, acl: readonly WireAcl[], version: number = ANY_VERSION): Promise<WireStat> {
    return this.ask({ op: OP.setAcl, path, acl, version }, `setAcl ${path}`, readStat);
  }

  /** The server has applied everything that was acknowledged before: what is read next is at least as new. */
  sync(path: string): Promise<void> {
    return this.ask({ op: OP.sync, path }, `sync ${path}`, () => undefined);
  }

  /** Who the server takes this client for. */
  whoAmI(): Promise<readonly { readonly scheme: string; readonly id: string }[]> {
    return this.ask({ op: OP.whoAmI }, 'whoami', (r) =>
      r.vector(8, () => ({ scheme: r.requiredText('a scheme'), id: r.text() ?? '' })),
    );
  }

  /** Events of the node and its list of children, or of all nodes below too, until the client is closed. */
  async watch(path: string, recursive: boolean): Promise<void> {
    const kind = recursive ? ADD_WATCH.persistentRecursive : ADD_WATCH.persistent;
    await this.ask({ op: OP.addWatch, path, kind }, `watch ${path}`, () => undefined);
    this.session.keepWatching(path, recursive);
  }

  /** Ends the session, and so its ephemeral nodes. */
  close(): Promise<void> {
    return new Promise((resolve) => this.session.close(resolve));
  }

  private ask<T>(request: Request, what: string, read: (body: JuteReader) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.session.submit(request, what, this.timeoutMs, (error, err, body) => {
        if (error !== null || body === null) return reject(error!);
        if (err !== ZK_ERROR.ok) return reject(refusal(err, what));
        try {
          resolve(read(body));
        } catch (cause) {
          reject(new TepuiError('INTERNAL', `${what}: the answer cannot be read`, { cause }));
        }
      });
    });
  }
}

function createRequest({ path, data, acl, kind }: NewNode): CreateRequest {
  const node = { path, data, acl, ttlMs: -1 };
  switch (kind.kind) {
    case 'container':
      return { ...node, op: OP.createContainer, flags: CREATE_FLAGS.container };
    case 'ttl': {
      const flags = kind.sequential ? CREATE_FLAGS.ttlSequential : CREATE_FLAGS.ttl;
      return { ...node, op: OP.createTtl, flags, ttlMs: kind.ttlMs };
    }
    case 'ephemeral':
      return {
        ...node,
        op: OP.create2,
        flags: kind.sequential ? CREATE_FLAGS.ephemeralSequential : CREATE_FLAGS.ephemeral,
      };
    case 'persistent':
      return {
        ...node,
        op: OP.create2,
        flags: kind.sequential ? CREATE_FLAGS.persistentSequential : CREATE_FLAGS.persistent,
      };
  }
}
