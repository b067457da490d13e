import { SECOND } from '../../schedule.js';
import { check } from '../../violation.js';
import {
  ADD_WATCH,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OP,
  PASSWORD_BYTES,
  NO_SESSION,
  readConnectResponse,
  readEvent,
  readReplyHeader,
  writeConnectRequest,
  writeRequest,
  XID,
  type ConnectResponse,
  type ReplyHeader,
  type Request,
} from '../../../../lib/wire/zookeeper/index.js';
import type { Calls } from '../calls.js';
import { Line } from '../line.js';
import type { SimNode } from '../node.js';
import { CLOSE, printOf, type Conversation, type Sent } from './conversation.js';
import type { Ask } from './requests.js';
import { SimSocket, type Flight } from './socket.js';
import type { EventType, Heard, Watches } from './watches.js';

/** A request that is not answered. */
export type Pending =
  | { readonly kind: 'write'; readonly sent: Sent; readonly ask: Extract<Ask, { readonly kind: 'write' }> }
  | { readonly kind: 'read'; readonly ask: Extract<Ask, { readonly kind: 'read' }> }
  | { readonly kind: 'watch'; readonly ask: Extract<Ask, { readonly kind: 'watch' }> }
  | { readonly kind: 'sync'; readonly floor: number }
  | { readonly kind: 'set-watches'; readonly held: Watches; readonly seen: number }
  | { readonly kind: 'close'; readonly sent: Sent }
  | { readonly kind: 'ping' };

export interface ConnectionListener {
  readonly connected: (response: ConnectResponse) => void;
  readonly event: (heard: Heard) => void;
  readonly reply: (pending: Pending, header: ReplyHeader, body: JuteReader) => void;
  readonly closed: (why: string) => void;
}

export interface ConnectionParts {
  readonly machine: number;
  readonly node: SimNode;
  readonly calls: Calls;
  readonly conversation: Conversation;
  readonly timeoutMs: number;
  readonly lastZxidSeen: number;
  /** A member writes to it. */
  readonly spoke: (conversation: Conversation) => void;
  readonly listener: ConnectionListener;
}

const EVENTS: readonly EventType[] = ['created', 'deleted', 'data-changed', 'children-changed'];

/** A client's end of a connection to the door for ZooKeeper clients: its bytes, and what they stand for. */
export class ClientConnection {
  readonly conversation: Conversation;
  readonly node: SimNode;
  /** When the request that was answered last had been sent, and when something was heard last. */
  heardUs: number;
  sentUs: number;
  attached = false;
  private readonly parts: ConnectionParts;
  private readonly line: Line<Buffer, Flight>;
  private readonly splitter = new FrameSplitter();
  private readonly out = new JuteWriter(256);
  private pending: { readonly xid: number; readonly what: Pending }[] = [];
  private greeted = false;
  private open = true;
  private xid = 0;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    const { machine, node, calls, conversation } = parts;
    this.conversation = conversation;
    this.node = node;
    this.heardUs = calls.schedule.now;
    this.sentUs = calls.schedule.now;
    const listener = {
      message: ({ bytes }: Flight) => this.received(bytes),
      closed: (why: string) => this.ended(why),
    };
    this.line = new Line(machine, node, calls.wires, calls.schedule, listener, (doors, sink) => {
      const left = (): number => {
        parts.spoke(conversation);
        return calls.schedule.now;
      };
      const socket = new SimSocket(conversation.address, node.life!.host, sink, left);
      doors.sessions!.accept(socket);
      return socket;
    });
    this.greet();
  }

  get depth(): number {
    return this.pending.length;
  }

  write(ask: Extract<Ask, { readonly kind: 'write' }>, floor: number): void {
    const sent = this.conversation.write(printOf(ask.ops, ask.multi), floor);
    this.ask(ask.request, { kind: 'write', sent, ask });
  }

  read(ask: Extract<Ask, { readonly kind: 'read' }>): void {
    this.ask(ask.request, { kind: 'read', ask });
  }

  watch(ask: Extract<Ask, { readonly kind: 'watch' }>): void {
    const kind = ask.recursive ? ADD_WATCH.persistentRecursive : ADD_WATCH.persistent;
    this.ask({ op: OP.addWatch, path: ask.path, kind }, { kind: 'watch', ask });
  }

  sync(path: string, floor: number): void {
    this.ask({ op: OP.sync, path }, { kind: 'sync', floor });
  }

  ping(): void {
    this.ask({ op: OP.ping }, { kind: 'ping' });
  }

  endSession(floor: number): void {
    const sent = this.conversation.write(CLOSE, floor);
    this.ask({ op: OP.closeSession }, { kind: 'close', sent });
  }

  setWatches(held: Watches, seen: number): void {
    const waiting = (kind: 'data' | 'exists'): string[] =>
      [...held.data].filter(([, of]) => of === kind).map(([path]) => path);
    const lists = { data: waiting('data'), exists: waiting('exists'), children: [...held.children] };
    const lasting = { persistent: [...held.persistent], persistentRecursive: [...held.recursive] };
    this.ask(
      { op: OP.setWatches2, relativeZxid: seen, ...lists, ...lasting },
      { kind: 'set-watches', held, seen },
    );
  }

  /** All that was asked for since the last time leaves in one piece; `cut`: in two. */
  flush(cut: boolean = false): void {
    if (this.out.length === 0) return;
    const bytes = this.out.take();
    this.sentUs = this.parts.calls.schedule.now;
    const middle = cut ? bytes.length >> 1 : 0;
    if (middle > 0) this.line.send(bytes.subarray(0, middle));
    this.line.send(bytes.subarray(middle));
  }

  /** Nothing is heard of it any more. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.line.close();
  }

  /** Its client pays no attention any more, but does not close it. */
  forget(): void {
    this.open = false;
    this.parts.calls.schedule.after(SECOND, () => this.line.close());
  }

  private greet(): void {
    const { wants } = this.conversation;
    const { lastZxidSeen, timeoutMs } = this.parts;
    writeConnectRequest(this.out, {
      protocolVersion: 0,
      lastZxidSeen,
      timeoutMs,
      session: wants?.session ?? NO_SESSION,
      password: wants === null ? new Uint8Array(PASSWORD_BYTES) : Buffer.from(wants.password, 'hex'),
      readOnly: false,
    });
    this.flush();
  }

  private ask(request: Request, what: Pending): void {
    const xid = writeRequest(this.out, ++this.xid, request);
    this.pending.push({ xid, what });
  }

  private received(bytes: Buffer): void {
    if (!this.open) return;
    this.heardUs = this.parts.calls.schedule.now;
    this.splitter.push(bytes, (frame) => {
      if (this.open) this.frame(frame);
    });
  }

  private frame(frame: Buffer): void {
    const { listener } = this.parts;
    if (!this.greeted) {
      this.greeted = true;
      return listener.connected(readConnectResponse(frame));
    }
    const r = new JuteReader(frame);
    const header = readReplyHeader(r);
    if (header.xid === XID.notification) {
      const { type, path } = readEvent(r);
      return listener.event({ type: EVENTS[type - 1]!, path });
    }
    const next = this.pending.shift();
    check(
      next?.xid === header.xid,
      'S26',
      () =>
        `${this.conversation.address} gets the answer to ${header.xid}, it waits for that to ${next?.xid}`,
    );
    listener.reply(next!.what, header, r);
  }

  private ended(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.parts.listener.closed(why);
  }
}
