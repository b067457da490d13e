import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  beginReply,
  readConnectRequest,
  readRequestBody,
  readRequestHeader,
  writeConnectResponse,
  type ZkError,
} from '../../lib/wire/zookeeper/index.js';

const STAT_BYTES = 68;

interface Waiting {
  readonly xid: number;
  readonly type: number;
}

/** A server that greets, says yes to everything, and misbehaves as it is told. It answers in the next turn. */
export class FakeZooKeeper {
  /** Paths of creates. */
  readonly created: string[] = [];
  /** Sessions that it gave, and sessions that came from elsewhere. */
  readonly opened: string[] = [];
  readonly attached: string[] = [];
  asked = 0;
  /** Most requests of one connection that waited for an answer. */
  mostWaiting = 0;
  /** Sessions from elsewhere are not known. */
  forgetful = false;
  /** The error of every answer. */
  refusing = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private answers = 0;
  private stall: { readonly answers: number; readonly ms: number } | null = null;
  private closing: number | null = null;
  private stalledUntil: Promise<void> | null = null;
  private sessions = 0;

  private constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(): Promise<FakeZooKeeper> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeZooKeeper(server);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** After so many answers it says nothing for `ms`, once. */
  stallAfter(answers: number, ms: number): void {
    this.stall = { answers, ms };
  }

  /** After so many answers it closes the connection that it serves then, once. */
  closeAfter(answers: number): void {
    this.closing = answers;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    const splitter = new FrameSplitter();
    let greeted = false;
    let waiting: Waiting[] = [];
    let turn = Promise.resolve();
    let unanswered = 0;
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk, (frame) => {
        if (greeted) waiting.push(this.request(frame));
        else this.greet(socket, frame);
        greeted = true;
      });
      setImmediate(() => {
        const due = waiting;
        waiting = [];
        unanswered += due.length;
        this.mostWaiting = Math.max(this.mostWaiting, unanswered);
        turn = turn.then(() => this.answer(socket, due, () => unanswered--));
      });
    });
  }

  private greet(socket: Socket, frame: Buffer): void {
    const { session, timeoutMs, password } = readConnectRequest(frame);
    const isNew = session === NO_SESSION;
    const known = isNew || !this.forgetful;
    const given = isNew
      ? `${this.port.toString(16).padStart(8, '0')}${String(++this.sessions).padStart(8, '0')}`
      : session;
    if (known) (isNew ? this.opened : this.attached).push(given);
    const w = new JuteWriter();
    const key = isNew ? new Uint8Array(PASSWORD_BYTES).fill(7) : password;
    writeConnectResponse(w, {
      timeoutMs: known ? timeoutMs : 0,
      session: given,
      password: key,
      readOnly: false,
    });
    socket.write(w.take());
  }

  private request(frame: Buffer): Waiting {
    this.asked++;
    const r = new JuteReader(frame);
    const { xid, type } = readRequestHeader(r);
    const request = readRequestBody(r, type);
    if (request.op === OP.create) this.created.push(request.path);
    return { xid, type };
  }

  private async answer(socket: Socket, due: readonly Waiting[], answered: () => void): Promise<void> {
    for (const { xid, type } of due) {
      if (this.stalledUntil !== null) await this.stalledUntil;
      const w = new JuteWriter();
      const reply = beginReply(w, xid, 1, this.refusing as ZkError);
      if (this.refusing === 0) body(w, type);
      w.end(reply);
      socket.write(w.take());
      answered();
      this.misbehave(socket, ++this.answers);
    }
  }

  private misbehave(socket: Socket, answers: number): void {
    if (this.stall !== null && answers >= this.stall.answers) {
      const { ms } = this.stall;
      this.stall = null;
      this.stalledUntil = new Promise((resolve) => setTimeout(resolve, ms));
    }
    if (this.closing !== null && answers >= this.closing) {
      this.closing = null;
      socket.end();
    }
  }
}

function body(w: JuteWriter, type: number): void {
  if (type === OP.create) w.text('/');
  if (type === OP.getData) w.buffer(new Uint8Array(100));
  if (type !== OP.create) for (let i = 0; i < STAT_BYTES; i += 4) w.int(0);
}
