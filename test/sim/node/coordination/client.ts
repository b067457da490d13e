import { chance, pick, below, type Random } from '../../../../lib/base/index.js';
import {
  OP,
  type ConnectResponse,
  type JuteReader,
  type ReplyHeader,
} from '../../../../lib/wire/zookeeper/index.js';
import { MS } from '../../schedule.js';
import { check } from '../../violation.js';
import type { Calls } from '../calls.js';
import type { NodeHistory } from '../history.js';
import type { Mark } from '../marks.js';
import type { SessionOptions } from '../options.js';
import { checkRead, checkWritten } from './answers.js';
import { ClientConnection, type ConnectionListener, type Pending } from './connection.js';
import { Conversation } from './conversation.js';
import { Requests, type Ask } from './requests.js';
import { hex, type SessionModel } from './sessions.js';
import { missed, Watches, type Heard } from './watches.js';

export interface SessionClientPorts {
  readonly calls: Calls;
  readonly model: SessionModel;
  readonly history: NodeHistory;
  readonly mark: (mark: Mark) => void;
  readonly note: (what: 'call' | 'answer', x: number, y: number, text: string) => void;
  /** A member writes to a client. */
  readonly spoke: (conversation: Conversation) => void;
  readonly counts: { sessionReplies: number; sessionEvents: number };
}

/** Its own session, as the client knows it. */
interface Known {
  readonly session: string;
  readonly password: string;
}

/** Requests that it leaves unanswered at most. */
const DEPTH = 40;

/**
 * A client of ZooKeeper's protocol as its libraries are: one session over one connection at a time, requests one after
 * the other without waiting, pings, watches that it sets again on its next connection. Now and then it behaves badly.
 */
export class SessionClient {
  readonly machine: number;
  private readonly number: number;
  private readonly options: SessionOptions;
  private readonly random: Random;
  private readonly ports: SessionClientPorts;
  private readonly requests: Requests;
  private known: Known | null = null;
  private connection: ClientConnection | null = null;
  /** As the libraries remember them from one connection to the next. */
  private readonly held = new Watches();
  /** Events between a request to set watches again and its answer. */
  private again: Heard[] | null = null;
  private lastZxid = 0;
  private connections = 0;
  private quietUntilUs = 0;
  private leaving = false;
  private left = false;
  private lastNode = -1;
  /** Over its present connection something was answered. */
  private moved = false;

  constructor(
    number: number,
    machine: number,
    options: SessionOptions,
    random: Random,
    ports: SessionClientPorts,
  ) {
    this.number = number;
    this.machine = machine;
    this.options = options;
    this.random = random;
    this.ports = ports;
    this.requests = new Requests(number, options, random);
  }

  /** It ends its session, however long that takes, and is over. */
  stop(): void {
    this.leaving = true;
  }

  async run(): Promise<void> {
    this.beat();
    while (!this.left) {
      await this.ports.calls.sleep(this.options.thinkMs);
      if (this.isQuiet) continue;
      if (this.leaving && this.known === null && this.connection === null) return;
      if (this.connection === null) this.connect();
      else if (this.connection.attached && this.connection.depth < DEPTH) this.act(this.connection);
    }
  }

  private get isQuiet(): boolean {
    return !this.leaving && this.ports.calls.schedule.now < this.quietUntilUs;
  }

  private act(connection: ClientConnection): void {
    const { random } = this;
    if (this.leaving) return this.leave(connection);
    const at = below(random, 100);
    if (at < 6) this.move(connection);
    else if (at < 8) this.drop('leaves');
    else if (at < 11) this.fallSilent();
    else if (at < 12) this.leave(connection);
    else if (at < 14) this.intrude();
    else if (at < 22) this.syncAndRead(connection);
    else this.batch(connection);
  }

  private batch(connection: ClientConnection): void {
    const count = 1 + below(this.random, this.options.pipeline);
    for (let i = 0; i < count; i++) this.ask(connection, this.requests.draw());
    connection.flush(chance(this.random, 0.1));
  }

  private ask(connection: ClientConnection, ask: Ask): void {
    if (ask.kind === 'write') connection.write(ask, this.ports.history.shown);
    else if (ask.kind === 'read') connection.read(ask);
    else connection.watch(ask);
  }

  private syncAndRead(connection: ClientConnection): void {
    const read = this.requests.read();
    connection.sync(read.request.path, this.ports.history.shown);
    connection.read(read);
    connection.flush();
  }

  private leave(connection: ClientConnection): void {
    if (connection.depth > 0 && this.leaving) return;
    connection.endSession(this.ports.history.shown);
    connection.flush();
    connection.attached = false;
  }

  /** With writes on their way, which must not land once the session is elsewhere. */
  private move(connection: ClientConnection): void {
    for (let i = below(this.random, 3); i > 0; i--)
      connection.write(this.requests.write() as Extract<Ask, { kind: 'write' }>, this.ports.history.shown);
    connection.flush();
    connection.forget();
    this.gone('moves');
    this.connect();
  }

  private fallSilent(): void {
    const { timeoutMs } = this.options;
    // It likes to come back just when its time is over.
    const shares = pick(this.random, [0.5, 1, 1, 1.2, 1.5, 2.5]) + below(this.random, 100) / 500;
    this.quietUntilUs = this.ports.calls.schedule.now + shares * timeoutMs * MS;
    this.note('call', `is silent for ${(shares * timeoutMs).toFixed(0)} ms`);
    if (chance(this.random, 0.3)) this.drop('is silent');
  }

  /** Somebody comes with the session of this client and a password that he made up. */
  private intrude(): void {
    const { known, ports } = this;
    if (known === null) return;
    const password = known.password.replace(/^../, known.password.startsWith('00') ? '11' : '00');
    const conversation = this.converse({ session: known.session, password });
    const closed = (): void => {};
    const intruder = this.dial(conversation, 0, {
      connected: ({ timeoutMs }) => {
        check(timeoutMs === 0, 'S26', () => `${conversation.address} is let in with a wrong password`);
        intruder.close();
      },
      event: closed,
      reply: closed,
      closed,
    });
    ports.note('call', this.number, 0, `${conversation.address} intrudes on ${known.session}`);
  }

  private connect(): void {
    const { known } = this;
    const conversation = this.converse(known);
    const { address } = conversation;
    const connection: ClientConnection = this.dial(conversation, known === null ? 0 : this.lastZxid, {
      connected: (response) => this.connected(connection, response),
      event: (heard) => this.event(connection, heard),
      reply: (pending, header, body) => this.reply(connection, pending, header, body),
      closed: (why) => {
        if (this.connection === connection) this.gone(why);
      },
    });
    this.connection = connection;
    this.note('call', `${address} asks ${connection.node.id} for ${known?.session ?? 'a session'}`);
  }

  private converse(wants: Known | null): Conversation {
    const { model, calls } = this.ports;
    const at = ++this.connections;
    const address = `10.${this.number}.${at >> 8}.${at & 255}`;
    const conversation = new Conversation(address, wants, calls.schedule.now, model.tree.changes);
    model.begins(conversation);
    return conversation;
  }

  private dial(
    conversation: Conversation,
    lastZxidSeen: number,
    listener: ConnectionListener,
  ): ClientConnection {
    const { calls, spoke } = this.ports;
    return new ClientConnection({
      machine: this.machine,
      node: pick(this.random, calls.nodes),
      calls,
      conversation,
      timeoutMs: this.options.timeoutMs,
      lastZxidSeen,
      spoke,
      listener,
    });
  }

  private connected(connection: ClientConnection, { timeoutMs, session, password }: ConnectResponse): void {
    if (this.connection !== connection) return;
    const { model, mark } = this.ports;
    if (timeoutMs === 0) {
      const { known } = this;
      const state = model.stateOf(known?.session ?? '');
      this.note('answer', `has no session: ${state}`);
      check(
        known !== null && (state === 'expired' || state === 'closed'),
        'S27',
        () =>
          `${connection.conversation.address} is told that its session is over: ${known?.session} ${state}`,
      );
      this.known = null;
      this.held.clear();
      connection.close();
      return this.gone('its session is over');
    }
    const { known } = this;
    check(
      connection.conversation.session === session && (known === null || known.session === session),
      'S26',
      () => `${connection.conversation.address} gets ${session}, asked for ${known?.session ?? 'a new one'}`,
    );
    connection.attached = true;
    if (known === null) this.lastZxid = 0;
    else if (this.lastNode >= 0 && this.lastNode !== connection.node.number) {
      mark('session moved to another member');
      this.moved = true;
    }
    this.lastNode = connection.node.number;
    this.known = { session, password: hex(password) };
    this.again = null;
    this.note('answer', `attached to ${session}`);
    if (this.held.size > 0) {
      this.again = [];
      const held = new Watches();
      this.held.copyTo(held);
      connection.setWatches(held, this.lastZxid);
    }
    if (known === null) for (const ask of this.requests.folders()) this.ask(connection, ask);
    connection.flush();
  }

  private event(connection: ClientConnection, heard: Heard): void {
    if (this.connection !== connection) return;
    const { counts, mark } = this.ports;
    counts.sessionEvents++;
    this.note('answer', `hears that ${heard.path} is ${heard.type}`);
    if (this.again !== null) {
      this.again.push(heard);
      return;
    }
    connection.conversation.told.heard(heard);
    if (this.held.persistent.has(heard.path)) mark('persistent watch told');
    this.held.spent(heard);
    mark('watch told');
  }

  private reply(connection: ClientConnection, pending: Pending, header: ReplyHeader, body: JuteReader): void {
    if (this.connection !== connection) return;
    const { model, history, counts, mark } = this.ports;
    const { zxid } = header;
    const who = connection.conversation.address;
    counts.sessionReplies++;
    this.note('answer', `${pending.kind} ${header.err} at ${zxid}`, zxid);
    const write = pending.kind === 'write' || pending.kind === 'close';
    check(
      write ? zxid > this.lastZxid : zxid >= this.lastZxid,
      'S26',
      () => `${who}: a ${pending.kind} shows ${zxid}, it was shown ${this.lastZxid} before`,
    );
    if (pending.kind === 'set-watches') this.setAgain(connection, pending, zxid);
    connection.conversation.told.shown(zxid);
    this.lastZxid = zxid;
    switch (pending.kind) {
      case 'write':
        checkWritten(who, pending, header, body);
        this.inOrder(pending.sent.floor, zxid, 'S25', pending.sent.print);
        this.learns(pending);
        break;
      case 'read':
        this.sees(connection, pending, header, body);
        break;
      case 'watch':
        this.watches(connection, pending);
        break;
      case 'sync':
        check(header.err === 0, 'S21', () => `${who}: a sync is answered ${header.err}`);
        this.inOrder(pending.floor - 1, zxid, 'S21', 'sync');
        this.ports.mark('sync and read');
        if (this.isBehindCut(connection)) mark('sync and read behind a cut');
        break;
      case 'close':
        check(
          model.stateOf(this.known!.session) === 'closed',
          'S30',
          () => `${who} is told that it has closed`,
        );
        return this.closed(connection);
      case 'set-watches':
      case 'ping':
    }
    history.shown = Math.max(history.shown, zxid);
  }

  private inOrder(floor: number, zxid: number, rule: string, what: string): void {
    check(zxid > floor, rule, () => `${what} is at ${zxid}, ${floor} had been shown before it was asked for`);
  }

  private learns({ sent, ask }: Extract<Pending, { kind: 'write' }>): void {
    sent.effect?.outcomes?.forEach((outcome, i) => {
      const op = ask.ops[i]!;
      if (!outcome.ok) this.requests.versions.delete(op.path);
      else if (op.op === 'delete') this.requests.versions.delete(op.path);
      else if (outcome.stat !== null)
        this.requests.versions.set(outcome.path ?? op.path, outcome.stat.version);
    });
  }

  private sees(
    connection: ClientConnection,
    { ask: { request } }: Extract<Pending, { kind: 'read' }>,
    header: ReplyHeader,
    body: JuteReader,
  ): void {
    const { told, address } = connection.conversation;
    const node = checkRead(address, this.ports.model.tree, request, header, body);
    const { path, op, watch } = request;
    if (node === null) this.requests.versions.delete(path);
    else this.requests.versions.set(path, node.version);
    if (this.moved) this.ports.mark('read after a move');
    if (!watch) return;
    for (const watches of [told.watches, this.held]) {
      if (node === null && op === OP.exists) watches.data.set(path, 'exists');
      else if (node !== null && op === OP.getChildren2) watches.children.add(path);
      else if (node !== null) watches.data.set(path, 'data');
    }
  }

  private watches(connection: ClientConnection, { ask }: Extract<Pending, { kind: 'watch' }>): void {
    for (const { persistent, recursive } of [connection.conversation.told.watches, this.held])
      (ask.recursive ? recursive : persistent).add(ask.path);
  }

  /** Everything that it missed while it was away, and nothing else (S28). */
  private setAgain(
    connection: ClientConnection,
    { held, seen }: Extract<Pending, { kind: 'set-watches' }>,
    zxid: number,
  ): void {
    const { model, mark } = this.ports;
    const { tree } = model;
    const { told, kept } = missed(held, tree.changes, seen, zxid, (path) => tree.at(path, zxid) !== null);
    const heard = this.again ?? [];
    const print = (list: readonly Heard[]): string =>
      list.map(({ type, path }) => `${path} ${type}`).join(', ');
    check(
      print(heard) === print(told),
      'S28',
      () =>
        `${connection.conversation.address} sets watches of ${seen} again at ${zxid} and hears: ${print(heard)}; ` +
        `it missed: ${print(told)}`,
    );
    this.again = null;
    for (const one of heard) this.held.spent(one);
    if (heard.length > 0) mark('watch told when it was set again');
    connection.conversation.told.shown(zxid);
    kept.copyTo(connection.conversation.told.watches);
  }

  private closed(connection: ClientConnection): void {
    this.known = null;
    this.held.clear();
    connection.close();
    this.gone('closed');
    if (this.leaving) this.left = true;
  }

  private drop(why: string): void {
    this.connection?.close();
    this.gone(why);
  }

  private gone(why: string): void {
    this.note('answer', `has lost its connection: ${why}`);
    this.connection = null;
    this.again = null;
  }

  /** Pings, and leaves a member of which it hears nothing. */
  private beat(): void {
    const { calls } = this.ports;
    const { timeoutMs } = this.options;
    if (this.left) return;
    calls.after(timeoutMs / 6, () => this.beat(), true);
    const { connection } = this;
    if (connection === null || this.isQuiet) return;
    const now = calls.schedule.now;
    if (now - connection.heardUs >= (timeoutMs * MS * 2) / 3) return this.drop('hears nothing');
    if (!connection.attached || now - connection.sentUs < (timeoutMs * MS) / 3) return;
    connection.ping();
    connection.flush();
  }

  /** Its member does not hear all others. */
  private isBehindCut({ node }: ClientConnection): boolean {
    const { nodes, wires } = this.ports.calls;
    return nodes.some(({ number }) => wires.isCut(number, node.number));
  }

  private note(what: 'call' | 'answer', text: string, x: number = this.number): void {
    this.ports.note(what, x, this.connection?.node.number ?? 0, text);
  }
}
