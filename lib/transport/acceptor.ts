import { TepuiError, MalformedError, type MemberId } from '../base/index.js';
import { decodeFrames, type Inbound, type Outbound } from '../wire/index.js';
import type { Environment } from './environment.js';
import { fromWire, judge, toWire } from './hello.js';
import { FRAME_KINDS, type Frame, type FrameKind, type PeerHello } from './types.js';
import type { IncomingStream } from './wire.js';

type PeerStream = IncomingStream<Outbound, Inbound>;

interface Accepted {
  readonly stream: PeerStream;
  readonly hello: PeerHello;
  heardMs: number;
  /** Kinds of frames that were refused on this stream. */
  readonly refusedKinds: Set<number>;
}

const KIND_NAMES: readonly (FrameKind | undefined)[] = invert();

function invert(): (FrameKind | undefined)[] {
  const names: (FrameKind | undefined)[] = [];
  for (const [name, number] of Object.entries(FRAME_KINDS)) names[number] = name as FrameKind;
  return names;
}

/** Signs of life that wait in a stream whose reader is stopped: more would only fill memory. */
const MAX_QUEUED = 8;

/** The streams that other members dialled: one per member, the newest. */
export class Acceptor {
  private readonly env: Environment;
  private readonly accepted: Map<MemberId, Accepted> = new Map();

  constructor(env: Environment) {
    this.env = env;
  }

  take(stream: PeerStream): void {
    let accepted: Accepted | null = null;
    stream.listen({
      message: (message) => {
        if (accepted === null) accepted = this.greet(stream, message);
        else this.receive(accepted, message);
      },
      ended: () => {
        stream.end();
      },
      closed: () => {
        if (accepted !== null) this.forget(accepted);
      },
    });
  }

  /** Shows every dialling member a sign of life, and lets go of those that have been silent for long. */
  pulse(nowMs: number): void {
    for (const accepted of this.accepted.values()) {
      const { stream, heardMs } = accepted;
      if (nowMs - heardMs > this.env.timings.idleMs) stream.end();
      else if (stream.queued < MAX_QUEUED) stream.write({ kind: 'alive', value: true });
    }
  }

  /** Lets go of streams of whoever is none of `members`: it may ask again, and is judged anew. */
  keep(members: ReadonlySet<MemberId>): void {
    for (const [member, { stream }] of this.accepted) if (!members.has(member)) stream.end();
  }

  stop(): void {
    for (const { stream } of this.accepted.values()) stream.end();
  }

  private greet(stream: PeerStream, message: Outbound): Accepted | null {
    if (message.kind !== 'hello') throw new TepuiError('MALFORMED', 'a peer stream begins with a hello');
    const rejection = judge(this.env.handlers, message);
    if (rejection !== null) {
      stream.write({ kind: 'refused', ...rejection });
      stream.end();
      return null;
    }
    const hello = fromWire(message);
    const accepted = {
      stream,
      hello,
      heardMs: this.env.clock.monotonicMs(),
      refusedKinds: new Set<number>(),
    };
    const older = this.accepted.get(hello.memberId);
    this.accepted.set(hello.memberId, accepted);
    older?.stream.end();
    stream.write({ kind: 'hello', ...toWire(this.env.handlers.hello(hello.memberId, hello.nodeId)) });
    return accepted;
  }

  private receive(accepted: Accepted, message: Outbound): void {
    accepted.heardMs = this.env.clock.monotonicMs();
    if (message.kind !== 'frames') throw new TepuiError('MALFORMED', 'a second hello on one stream');
    if (message.value.length === 0) return;
    this.env.handlers.frames(
      accepted.hello,
      framesOf(message.value, (kind) => this.refuse(accepted, kind)),
    );
  }

  /** A frame of a kind that this release does not know changes nothing; both sides get to know of it, once. */
  private refuse({ stream, hello, refusedKinds }: Accepted, kind: number): void {
    if (refusedKinds.has(kind)) return;
    refusedKinds.add(kind);
    const { memberId, release } = this.env.handlers.hello(hello.memberId);
    const sender = `${hello.memberId} (release ${hello.release})`;
    const message = `frames of kind ${kind} from ${sender} are unknown to ${memberId} (release ${release})`;
    stream.write({ kind: 'refused', code: 'UNSUPPORTED', message });
    this.env.handlers.dropped(hello.memberId, message);
  }

  private forget(accepted: Accepted): void {
    const { memberId } = accepted.hello;
    if (this.accepted.get(memberId) === accepted) this.accepted.delete(memberId);
  }
}

/** Frames of a kind that this release does not know are told to `unknown` and left out. */
function framesOf(batch: Uint8Array, unknown: (kind: number) => void): Frame[] {
  try {
    const frames: Frame[] = [];
    for (const { kind: number, body } of decodeFrames(batch)) {
      const kind = KIND_NAMES[number];
      if (kind === undefined) unknown(number);
      else frames.push({ kind, body });
    }
    return frames;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new TepuiError('MALFORMED', `frames: ${error.message}`, { cause: error });
  }
}
