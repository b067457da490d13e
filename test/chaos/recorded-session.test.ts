import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { History } from '../../chaos/history/history.js';
import type { WireRecord } from '../../chaos/history/wire.js';
import { exists, get, set } from '../../chaos/zookeeper/requests.js';
import { Expired, Session, Unanswered } from '../../chaos/zookeeper/session.js';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  readConnectRequest,
  readRequestHeader,
  writeBareReply,
  writeConnectResponse,
  writeEvent,
  ZK_ERROR,
  type ConnectRequest,
} from '../../lib/wire/zookeeper/index.js';

const ID = '00000000000000aa';

/** What a test has the server do with the n-th request of a connection, from 1 on; it answers by hand. */
type Script = (answer: (xid: number, zxid: number) => void, xid: number, n: number, socket: Socket) => void;

/** A server that grants every session, unless told otherwise. */
class ScriptedServer {
  readonly greetings: ConnectRequest[] = [];
  grants = true;
  private readonly server: Server;
  private readonly sockets: Set<Socket> = new Set();

  constructor(script: Script) {
    this.server = createServer((socket) => this.serve(socket, script));
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private serve(socket: Socket, script: Script): void {
    this.sockets.add(socket);
    const splitter = new FrameSplitter();
    const writer = new JuteWriter();
    let n = -1;
    const answer = (xid: number, zxid: number): void => {
      writeBareReply(writer, xid, zxid, ZK_ERROR.noNode);
      socket.write(writer.take());
    };
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk, (frame) => {
        if (n++ < 0) return this.greet(frame, socket, writer);
        script(answer, readRequestHeader(new JuteReader(frame)).xid, n, socket);
      });
    });
  }

  private greet(frame: Buffer, socket: Socket, writer: JuteWriter): void {
    this.greetings.push(readConnectRequest(frame));
    const session = this.grants ? ID : NO_SESSION;
    const timeoutMs = this.grants ? 4_000 : 0;
    writeConnectResponse(writer, {
      timeoutMs,
      session,
      password: new Uint8Array(16).fill(7),
      readOnly: false,
    });
    socket.write(writer.take());
  }
}

describe('a session as chaos records it', () => {
  const cleanups: (() => void)[] = [];

  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  async function connect(
    script: Script,
  ): Promise<{ server: ScriptedServer; session: Session; history: History }> {
    const dir = mkdtempSync(path.join(tmpdir(), 'tepui-recorded-'));
    const history = new History(path.join(dir, 'history.jsonl'));
    const server = new ScriptedServer(script);
    const session = new Session('c', [{ id: 'm1', address: await server.listen() }], 4_000, history);
    cleanups.push(() => {
      session.abandon();
      server.close();
      history.close();
      rmSync(dir, { recursive: true });
    });
    await session.ready();
    return { server, session, history };
  }

  function records(history: History, kind: WireRecord['wire']): readonly WireRecord[] {
    return history.events.flatMap((event) => {
      return event.type === 'wire' && event.record.wire === kind ? [event.record] : [];
    });
  }

  it('has each answer with what was asked, in order', async () => {
    const { session, history } = await connect((answer, xid, n) => answer(xid, 9 + n));
    const answers = await session.askAll([get('/a'), exists('/b')]);
    assert.deepEqual(
      answers.map(({ zxid, err }) => [zxid, err]),
      [
        [10, -101],
        [11, -101],
      ],
    );
    const told = records(history, 'reply').map((one) => one.wire === 'reply' && [one.op, one.path, one.zxid]);
    assert.deepEqual(told, [
      ['getData', '/a', 10],
      ['exists', '/b', 11],
    ]);
  });

  it('has an answer that comes out of its turn as disorder, and does not take it', async () => {
    const { session, history } = await connect((answer, xid) => answer(xid + 1, 10));
    await assert.rejects(session.ask(get('/a')), Unanswered);
    assert.equal(records(history, 'disorder').length, 1);
  });

  it('has what was written and not answered when a connection is lost', async () => {
    const { session, history } = await connect((_answer, _xid, _n, socket) => socket.destroy());
    await assert.rejects(session.ask(set('/a', 'v')), Unanswered);
    const [lost] = records(history, 'lost');
    assert.deepEqual(lost?.wire === 'lost' && lost.unanswered, [{ path: '/a', value: 'v' }]);
  });

  it('comes back under its id, with the zxid that it has seen', async () => {
    const { server, session } = await connect((answer, xid) => answer(xid, 42));
    await session.ask(get('/a'));
    session.move();
    await session.ready();
    const { session: id, lastZxidSeen, password } = server.greetings[1]!;
    assert.deepEqual([id, lastZxidSeen, password[0]], [ID, 42, 7]);
  });

  it('is over when the server says so, and stays it', async () => {
    const { server, session, history } = await connect((answer, xid) => answer(xid, 1));
    server.grants = false;
    session.move();
    await assert.rejects(session.ready(), Expired);
    assert.equal(session.over, true);
    assert.equal(records(history, 'expired').length, 1);
  });

  it('is believed in for two thirds of its timeout after the last request that was answered', async () => {
    const { session, history } = await connect((answer, xid) => answer(xid, 1));
    const beforeNs = history.now();
    await session.ask(get('/a'));
    const untilNs = session.sureUntilNs;
    const span = (4_000 * 1e6 * 2) / 3;
    assert.ok(untilNs >= beforeNs + span && untilNs <= history.now() + span);
    session.abandon();
    assert.equal(session.sureUntilNs, -Infinity);
  });

  it('has events where they came, between the answers', async () => {
    const writer = new JuteWriter();
    const { session, history } = await connect((answer, xid, _n, socket) => {
      writeEvent(writer, -1, 3, '/a');
      socket.write(writer.take());
      answer(xid, 1);
    });
    await session.ask(get('/a'));
    const order = history.events.flatMap((event) => (event.type === 'wire' ? [event.record.wire] : []));
    assert.deepEqual(order, ['granted', 'event', 'reply']);
  });
});
