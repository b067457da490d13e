import type { ClusterId, ErrorCode, MemberId, NodeId, SnapshotChunk } from '../../lib/base/index.js';
import { utf8Decode } from '../../lib/base/index.js';
import type {
  FormReply,
  FormRequest,
  JoinReply,
  JoinRequest,
  Frame,
  PeerDown,
  PeerHello,
  SnapshotSink,
  SnapshotStart,
  Transport,
  TransportHandlers,
} from '../../lib/transport/index.js';

/** What a kind of transport must offer to be put to the contract. */
export interface TransportKind {
  readonly name: string;
  /** Resets the world before each test. */
  begin(): void;
  /** A started transport at `address`, or at a new one. */
  open(handlers: TransportHandlers, address: string | null): Promise<Opened>;
  /** What `from` has to dial to reach `to` through a path that can be cut. */
  path(from: Opened, to: Opened): Promise<string>;
  cut(from: Opened, to: Opened): void;
  heal(from: Opened, to: Opened): void;
  /** The process behind it dies without a word. */
  crash(opened: Opened): Promise<void>;
  nowMs(): number;
  /** What counts as at once. */
  readonly promptMs: number;
  until(what: string, reached: () => boolean): Promise<void>;
  end(): Promise<void>;
}

export interface Opened {
  readonly transport: Transport;
  readonly address: string;
}

/** A member as the tests see it: it records what it is told. */
export class TestMember implements TransportHandlers {
  readonly id: MemberId;
  readonly node: NodeId;
  boot = 1;
  clusterId: ClusterId | null = 'c1' as ClusterId;
  readonly ups: PeerHello[] = [];
  readonly downs: { readonly peer: MemberId; readonly down: PeerDown }[] = [];
  /** Each message of frames, as `kind:text` of its frames. */
  readonly messages: string[][] = [];
  /** Frames that were not understood, here or there. */
  readonly drops: { readonly peer: MemberId; readonly why: string }[] = [];
  formAnswer: (request: FormRequest) => Promise<FormReply> = async () => ({ formed: true, message: '' });
  joinAnswer: (request: JoinRequest) => Promise<JoinReply> = async () => {
    throw new Error('nobody is let in');
  };
  offered: (start: SnapshotStart) => Promise<SnapshotSink | null> = async () => null;
  onDown: (peer: MemberId, down: PeerDown) => void = () => {};
  private opened: Opened | null = null;

  constructor(id: string, instance: string = '0000000000000001') {
    this.id = id as MemberId;
    this.node = `${id}@${instance}` as NodeId;
  }

  async start(kind: TransportKind, address: string | null = null): Promise<void> {
    this.opened = await kind.open(this, address);
  }

  get at(): Opened {
    if (this.opened === null) throw new Error(`${this.id} is not started`);
    return this.opened;
  }

  get transport(): Transport {
    return this.at.transport;
  }

  get texts(): string[] {
    return this.messages.flat();
  }

  kindsOfDown(peer: TestMember): string[] {
    return this.downs.filter((entry) => entry.peer === peer.id).map(({ down }) => down.kind);
  }

  hello(to: MemberId | null): PeerHello {
    return {
      memberId: this.id,
      nodeId: this.node,
      boot: this.boot,
      clusterId: this.clusterId,
      release: '0.1.0',
      pid: 7,
      doors: { http: null, grpc: '127.0.0.1:5060', zk: null, peer: this.opened?.address ?? null },
      memoryBudgetBytes: 1 << 30,
      generation: 7,
      unbound: false,
      start: '00000000',
      acknowledged: { term: 3, index: to === null ? 0 : 17, node: null },
      holds: { term: 4, index: 21, damaged: true },
    };
  }

  judge(hello: PeerHello): { readonly code: ErrorCode; readonly message: string } | null {
    if (hello.clusterId === this.clusterId) return null;
    return { code: 'FOREIGN_CLUSTER', message: `${hello.memberId} is of ${hello.clusterId}` };
  }

  peerUp(hello: PeerHello): void {
    this.ups.push(hello);
  }

  peerDown(peer: MemberId, down: PeerDown): void {
    this.downs.push({ peer, down });
    this.onDown(peer, down);
  }

  frames(_from: PeerHello, frames: readonly Frame[]): void {
    this.messages.push(frames.map(({ kind, body }) => `${kind}:${utf8Decode(body)}`));
  }

  dropped(peer: MemberId, why: string): void {
    this.drops.push({ peer, why });
  }

  introduce(_hello: PeerHello): PeerHello {
    return this.hello(null);
  }

  form(request: FormRequest): Promise<FormReply> {
    return this.formAnswer(request);
  }

  join(request: JoinRequest): Promise<JoinReply> {
    return this.joinAnswer(request);
  }

  snapshotOffered(start: SnapshotStart): Promise<SnapshotSink | null> {
    return this.offered(start);
  }
}

/** Keeps what arrives; `failAt` breaks at that chunk, and `hold` makes one take its time. */
export class TestSink implements SnapshotSink {
  readonly next: number;
  readonly chunks: SnapshotChunk[] = [];
  finished = false;
  wasBroken = false;
  failAt: number | null = null;
  private held: { readonly at: number; readonly until: Promise<void> } | null = null;

  constructor(next: number = 0) {
    this.next = next;
  }

  async add(chunk: SnapshotChunk): Promise<void> {
    if (chunk.number === this.failAt) throw new Error('disk full');
    this.chunks.push({ ...chunk, bytes: chunk.bytes.slice() });
    if (chunk.number === this.held?.at) await this.held.until;
  }

  /** That chunk is being taken until the answer is called. */
  hold(at: number): () => void {
    let done = (): void => {};
    const until = new Promise<void>((resolve) => (done = resolve));
    this.held = { at, until };
    return () => done();
  }

  async finish(): Promise<void> {
    this.finished = true;
  }

  broken(): void {
    this.wasBroken = true;
  }
}
