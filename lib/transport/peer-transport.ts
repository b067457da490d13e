import { TepuiError, type MemberId, type SnapshotChunk, type TimerHandle } from '../base/index.js';
import { parseAddress } from '../wire/index.js';
import { Acceptor } from './acceptor.js';
import { Dialer } from './dialer.js';
import type { Environment } from './environment.js';
import { fromCall, toWire } from './hello.js';
import { SnapshotArrival } from './snapshot-in.js';
import { SnapshotTransfer } from './snapshot-out.js';
import {
  FRAME_KINDS,
  type FormReply,
  type FormRequest,
  type FrameKind,
  type JoinReply,
  type PeerHello,
  type SnapshotStart,
  type Transport,
} from './types.js';
import type { PeerChannel, PeerDoor } from './wire.js';

/** The transport over a wire: one peer door, one dialled stream per peer, one connection per snapshot. */
export class PeerTransport implements Transport {
  private readonly env: Environment;
  private readonly acceptor: Acceptor;
  private readonly dialers: Map<MemberId, Dialer> = new Map();
  private readonly transfers: Set<SnapshotTransfer> = new Set();
  private readonly unflushed: Set<Dialer> = new Set();
  private flushSoon = false;
  private pulseTimer: TimerHandle | null = null;
  private running = false;

  constructor(env: Environment) {
    this.env = env;
    this.acceptor = new Acceptor(env);
  }

  async start(): Promise<void> {
    await this.env.wire.listen(this.door());
    this.running = true;
    for (const dialer of this.dialers.values()) dialer.start();
    this.schedulePulse();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.pulseTimer?.cancel();
    const stopping = new TepuiError('SHUTTING_DOWN', 'this member is stopping');
    for (const transfer of this.transfers) transfer.abort(stopping);
    for (const dialer of this.dialers.values()) dialer.stop('this member is stopping');
    this.dialers.clear();
    this.acceptor.stop();
    await this.env.wire.close();
  }

  setPeers(peers: ReadonlyMap<MemberId, string>): void {
    for (const address of peers.values()) parseAddress(address);
    for (const [id, dialer] of this.dialers) {
      if (peers.get(id) === dialer.address) continue;
      this.dialers.delete(id);
      dialer.stop(peers.has(id) ? 'its address changed' : 'it is no longer a peer');
    }
    for (const [id, address] of peers) {
      if (this.dialers.has(id)) continue;
      const dialer = new Dialer(id, address, this.env);
      this.dialers.set(id, dialer);
      if (this.running) dialer.start();
    }
    this.acceptor.keep(new Set(peers.keys()));
  }

  send(to: MemberId, kind: FrameKind, body: Uint8Array): boolean {
    const dialer = this.dialers.get(to);
    if (dialer === undefined || !dialer.send(FRAME_KINDS[kind], body)) return false;
    if (!this.flushSoon) {
      this.flushSoon = true;
      this.env.timers.soon(this.soon);
    }
    this.unflushed.add(dialer);
    return true;
  }

  flush(): void {
    if (this.unflushed.size === 0) return;
    const dialers = [...this.unflushed];
    this.unflushed.clear();
    for (const dialer of dialers) dialer.flush();
  }

  connected(to: MemberId): boolean {
    return this.dialers.get(to)?.open ?? false;
  }

  redial(to: MemberId): void {
    this.dialers.get(to)?.redial();
  }

  async introduceTo(address: string): Promise<PeerHello> {
    const hello = toWire(this.env.handlers.hello(null));
    const { callDeadlineMs } = this.env.timings;
    return fromCall(await this.once(address, (channel) => channel.introduce(hello, callDeadlineMs)));
  }

  async formWith(address: string, request: FormRequest): Promise<FormReply> {
    const { callDeadlineMs } = this.env.timings;
    return this.once(address, (channel) => channel.form(request, callDeadlineMs));
  }

  async joinVia(address: string, token: string, commandLevel: number): Promise<JoinReply> {
    const hello = toWire(this.env.handlers.hello(null));
    const { callDeadlineMs } = this.env.timings;
    const { clusterId, generation, members } = await this.once(address, (channel) =>
      channel.join({ hello, token, commandLevel }, callDeadlineMs),
    );
    return { clusterId, generation, members: new Map(members.map(({ id, peer }) => [id, peer])) };
  }

  async sendSnapshot(
    to: MemberId,
    start: SnapshotStart,
    chunks: (offset: number) => AsyncIterable<SnapshotChunk>,
  ): Promise<void> {
    const address = this.dialers.get(to)?.address;
    if (address === undefined) throw new TepuiError('UNREACHABLE', `${to} is not a peer of this member`);
    const transfer = new SnapshotTransfer(this.env, address, start, chunks);
    this.transfers.add(transfer);
    try {
      await transfer.run();
    } finally {
      this.transfers.delete(transfer);
    }
  }

  private door(): PeerDoor {
    const { handlers } = this.env;
    return {
      stream: (stream) => {
        this.acceptor.take(stream);
      },
      introduce: async (hello) => toWire(handlers.introduce(fromCall(hello))),
      form: async (request) => handlers.form(request),
      join: async ({ hello, token, commandLevel }) => {
        const request = { hello: fromCall(hello), token, commandLevel };
        const { clusterId, generation, members } = await handlers.join(request);
        return { clusterId, generation, members: [...members].map(([id, peer]) => ({ id, peer })) };
      },
      sendSnapshot: (stream) => {
        new SnapshotArrival(this.env, stream).listen();
      },
    };
  }

  /** One call on a connection of its own. */
  private async once<T>(address: string, call: (channel: PeerChannel) => Promise<T>): Promise<T> {
    const channel = this.env.wire.channel(address);
    try {
      return await call(channel);
    } finally {
      channel.close();
    }
  }

  private readonly soon = (): void => {
    this.flushSoon = false;
    this.flush();
  };

  /**
   * A pulse that comes late says that this process was held up, not its peers: what they sent meanwhile is
   * read before the next one judges.
   */
  private schedulePulse(): void {
    const { clock, timers, timings } = this.env;
    const dueMs = clock.monotonicMs() + timings.pulseMs;
    this.pulseTimer = timers.after(timings.pulseMs, () => {
      const nowMs = clock.monotonicMs();
      this.acceptor.pulse(nowMs);
      if (nowMs - dueMs < timings.pulseMs) for (const dialer of this.dialers.values()) dialer.pulse(nowMs);
      // A handler may have stopped us.
      if (this.running) this.schedulePulse();
    });
  }
}
