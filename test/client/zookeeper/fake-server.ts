import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  beginReply,
  EVENT,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  readConnectRequest,
  readRequestBody,
  readRequestHeader,
  writeAcls,
  writeBareReply,
  writeConnectResponse,
  writeEvent,
  writeStat,
  writeTexts,
  XID,
  ZK_ERROR,
  type ConnectRequest,
  type CreateRequest,
  type Request,
  type WatchEventType,
  type WireAcl,
  type WireStat,
  type ZkError,
} from '../../../lib/wire/zookeeper/index.js';

interface Node {
  data: Uint8Array | null;
  acl: readonly WireAcl[];
  stat: WireStat;
  sequence: number;
}

/** How the server treats a connection, a greeting or a request. */
export type Conduct = 'serves' | 'is silent' | 'hangs up';

const SESSION = '0123456789abcdef';
const PASSWORD = new Uint8Array(PASSWORD_BYTES).fill(7);
/** A fixed clock: what is printed can be compared. */
const NOW_MS = 1_795_428_476_412;

/** A tree of nodes that several fake servers share, as an ensemble does. */
export class FakeTree {
  readonly nodes: Map<string, Node> = new Map();
  zxid = 100;

  constructor() {
    for (const path of ['/', '/zookeeper'])
      this.put(path, null, [{ permissions: 31, scheme: 'world', id: 'anyone' }]);
  }

  put(path: string, data: Uint8Array | null, acl: readonly WireAcl[], owner: string = NO_SESSION): Node {
    const zxid = ++this.zxid;
    const stat = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctimeMs: NOW_MS, mtimeMs: NOW_MS };
    const versions = { version: 0, cversion: 0, aversion: 0 };
    const sizes = { dataLength: data?.length ?? 0, numChildren: 0 };
    const node = { data, acl, sequence: 0, stat: { ...stat, ...versions, ephemeralOwner: owner, ...sizes } };
    this.nodes.set(path, node);
    return node;
  }

  children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = Array.from(this.nodes.keys()).filter((one) => one !== '/' && one.startsWith(prefix));
    return below.map((one) => one.slice(prefix.length)).filter((name) => !name.includes('/'));
  }

  stat(path: string): WireStat {
    return { ...this.nodes.get(path)!.stat, numChildren: this.children(path).length };
  }
}

type Answer = ZkError | ((w: JuteWriter) => void);

/** A server on loopback that can be told to misbehave. */
export class FakeServer {
  readonly tree: FakeTree;
  onConnect: Conduct = 'serves';
  onGreeting: Conduct = 'serves';
  onRequest: (request: Request) => Conduct = () => 'serves';
  /** Answers in the place of the tree's. */
  refuse: (request: Request) => ZkError | null = () => null;
  /** Sessions are granted with this. */
  timeoutMs = 4000;
  /** Re-attaching is refused. */
  expired = false;
  readonly greetings: ConnectRequest[] = [];
  readonly requests: Request[] = [];
  private readonly server: Server;
  private readonly sockets: Set<Socket> = new Set();
  private watches: { readonly socket: Socket; readonly path: string; readonly recursive: boolean }[] = [];

  constructor(tree: FakeTree = new FakeTree()) {
    this.tree = tree;
    this.server = createServer((socket) => this.accept(socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.address;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends the connections; new ones are taken. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  /** A change by somebody else. */
  change(type: WatchEventType, path: string): void {
    if (type === EVENT.created) this.tree.put(path, null, this.tree.nodes.get('/')!.acl);
    if (type === EVENT.deleted) this.tree.nodes.delete(path);
    this.changed(type, path);
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.watches = this.watches.filter((one) => one.socket !== socket);
    });
    if (this.onConnect === 'hangs up') return void socket.destroy();
    const splitter = new FrameSplitter();
    let greeted = false;
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk, (frame) => {
        if (greeted) return this.request(socket, frame);
        greeted = true;
        this.greet(socket, readConnectRequest(frame));
      });
    });
  }

  private greet(socket: Socket, request: ConnectRequest): void {
    this.greetings.push(request);
    if (this.onGreeting === 'hangs up') return void socket.destroy();
    if (this.onGreeting === 'is silent' || this.onConnect === 'is silent') return;
    const w = new JuteWriter();
    const gone = this.expired && request.session !== NO_SESSION;
    const granted = { timeoutMs: this.timeoutMs, session: SESSION, password: PASSWORD };
    const none = { timeoutMs: 0, session: NO_SESSION, password: new Uint8Array(PASSWORD_BYTES) };
    writeConnectResponse(w, { ...(gone ? none : granted), readOnly: false });
    socket.write(w.take());
  }

  private request(socket: Socket, frame: Buffer): void {
    const r = new JuteReader(Buffer.from(frame));
    const { xid, type } = readRequestHeader(r);
    const request = readRequestBody(r, type);
    this.requests.push(request);
    const conduct = this.onRequest(request);
    if (conduct === 'hangs up') return void socket.destroy();
    if (conduct === 'is silent') return;
    const w = new JuteWriter();
    const answer = this.refuse(request) ?? this.answer(socket, request);
    if (typeof answer === 'number') writeBareReply(w, xid, xid === XID.auth ? 0 : this.tree.zxid, answer);
    else {
      const start = beginReply(w, xid, this.tree.zxid, ZK_ERROR.ok);
      answer(w);
      w.end(start);
    }
    socket.write(w.take());
    if (request.op === OP.closeSession) socket.end();
  }

  private answer(socket: Socket, request: Request): Answer {
    switch (request.op) {
      case OP.create2:
      case OP.createContainer:
      case OP.createTtl:
        return this.create(request);
      case OP.addWatch:
        this.watches.push({ socket, path: request.path, recursive: request.kind === 1 });
        return (w) => w.int(0);
      case OP.setWatches2:
        for (const path of request.persistent) this.watches.push({ socket, path, recursive: false });
        for (const path of request.persistentRecursive) this.watches.push({ socket, path, recursive: true });
        return ZK_ERROR.ok;
      case OP.whoAmI:
        return (w) => w.int(1).text('ip').text('127.0.0.1');
      case OP.sync:
        return (w) => w.text(request.path);
      case OP.getData:
      case OP.exists:
      case OP.getChildren2:
      case OP.getAcl:
      case OP.setData:
      case OP.setAcl:
      case OP.delete:
        return this.onNode(request);
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others change nothing here
      default:
        return ZK_ERROR.ok;
    }
  }

  private onNode(request: Extract<Request, { readonly path: string }>): Answer {
    const { tree } = this;
    const { path } = request;
    const node = tree.nodes.get(path);
    if (node === undefined) return ZK_ERROR.noNode;
    const stat = (w: JuteWriter): void => writeStat(w, tree.stat(path));
    switch (request.op) {
      case OP.getData:
        return (w) => stat(w.buffer(node.data));
      case OP.getChildren2:
        return (w) => {
          writeTexts(w, tree.children(path));
          stat(w);
        };
      case OP.getAcl:
        return (w) => {
          writeAcls(w, node.acl);
          stat(w);
        };
      case OP.setData: {
        const { version } = node.stat;
        if (request.version !== -1 && request.version !== version) return ZK_ERROR.badVersion;
        node.data = request.data;
        const dataLength = request.data?.length ?? 0;
        node.stat = { ...node.stat, version: version + 1, mzxid: ++tree.zxid, dataLength };
        this.changed(EVENT.dataChanged, path);
        return stat;
      }
      case OP.setAcl:
        node.acl = request.acl;
        node.stat = { ...node.stat, aversion: node.stat.aversion + 1 };
        return stat;
      case OP.delete:
        if (tree.children(path).length > 0) return ZK_ERROR.notEmpty;
        tree.nodes.delete(path);
        tree.zxid++;
        this.changed(EVENT.deleted, path);
        return ZK_ERROR.ok;
      default:
        return stat;
    }
  }

  private create({ path, data, acl, flags }: CreateRequest): Answer {
    const { tree } = this;
    const parent = tree.nodes.get(path.slice(0, path.lastIndexOf('/')) || '/');
    if (parent === undefined) return ZK_ERROR.noNode;
    const sequential = flags === 2 || flags === 3 || flags === 6;
    const full = sequential ? path + String(parent.sequence).padStart(10, '0') : path;
    if (tree.nodes.has(full)) return ZK_ERROR.nodeExists;
    parent.sequence++;
    tree.put(full, data, acl, flags === 1 || flags === 3 ? SESSION : NO_SESSION);
    this.changed(EVENT.created, full);
    return (w) => writeStat(w.text(full), tree.stat(full));
  }

  private changed(type: WatchEventType, path: string): void {
    for (const { socket, path: watched, recursive } of this.watches) {
      if (path !== watched && !(recursive && path.startsWith(`${watched}/`))) continue;
      const w = new JuteWriter();
      writeEvent(w, -1, type, path);
      socket.write(w.take());
    }
  }
}
