import { SeededRandom, TepuiError } from '../../lib/base/index.js';
import { agentHandlers } from '../../lib/api/grpc/agent.js';
import { GrpcDoor, type GrpcDoorOptions } from '../../lib/api/grpc/door.js';
import { schedulerHandlers } from '../../lib/api/grpc/scheduler.js';
import { CoordinationService } from '../../lib/coordination/index.js';
import { GrpcChannel, channelCredentials, type ClientStream } from '../../lib/wire/index.js';
import type { Backup, BackupOptions } from '../../lib/replica/index.js';
import { AgentWorld } from '../master-agents/agent-world.js';
import type { FakeReplica } from '../master/fake-group.js';

/** The real gRPC door of member 1 of a group in virtual time, which runs while the test waits. */
export class DoorWorld extends AgentWorld {
  readonly options: GrpcDoorOptions;
  readonly door: GrpcDoor;
  readonly replica: FakeReplica;
  port = 0;
  warnings: readonly string[] = [];
  /** What the door is given when a client asks for a backup. */
  beginBackup: (options: BackupOptions) => Promise<Backup> = () => {
    throw new TepuiError('NO_LEADER', 'no state');
  };
  private channel: GrpcChannel | null = null;
  private clock: NodeJS.Timeout | null = null;

  constructor(members: number = 1) {
    super(members);
    const master = this.master(1);
    this.replica = this.group.member(1);
    this.options = {
      host: '127.0.0.1',
      port: 0,
      tls: null,
      replica: this.replica,
      coordination: new CoordinationService(this.replica, new SeededRandom(7), master.liveness),
      scheduler: schedulerHandlers(master.scheduler),
      agents: agentHandlers(this.services[0]!, false),
      backups: { begin: (options) => this.beginBackup(options) },
      warnings: () => this.warnings,
      every: (ms, callback) => {
        const timer = setInterval(callback, Math.min(ms, 50));
        return () => clearInterval(timer);
      },
    };
    this.door = new GrpcDoor(this.options);
  }

  get client(): GrpcChannel {
    return (this.channel ??= new GrpcChannel(`127.0.0.1:${this.port}`, {
      credentials: channelCredentials(null, false),
    }));
  }

  async start(): Promise<void> {
    this.port = await this.door.start();
    this.clock = setInterval(() => this.advance(1), 1);
  }

  async close(): Promise<void> {
    if (this.clock !== null) clearInterval(this.clock);
    this.channel?.close();
    await this.door.stop();
  }
}

/** What came of a stream, and a promise for the moment at which `enough` of it has. */
export class Received<T> {
  readonly messages: T[] = [];
  error: TepuiError | null | undefined;
  private waits: { readonly enough: () => boolean; readonly resolve: () => void }[] = [];

  constructor(stream: ClientStream<never, T>) {
    stream.listen({
      message: (message) => {
        this.messages.push(message);
        this.check();
      },
      closed: (error) => {
        this.error = error;
        this.check();
      },
    });
  }

  get code(): string {
    return this.error === undefined ? 'open' : (this.error?.code ?? 'ended well');
  }

  async count(n: number): Promise<readonly T[]> {
    await this.until(() => this.messages.length >= n || this.error !== undefined);
    return this.messages;
  }

  async end(): Promise<string> {
    await this.until(() => this.error !== undefined);
    return this.code;
  }

  until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waits.push({ enough, resolve });
      this.check();
    });
  }

  private check(): void {
    this.waits = this.waits.filter(({ enough, resolve }) => {
      if (!enough()) return true;
      resolve();
      return false;
    });
  }
}
