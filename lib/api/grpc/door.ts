import { HealthImplementation } from 'grpc-health-check';
import { ReflectionService } from '@grpc/reflection';
import type { CoordinationService } from '../../coordination/index.js';
import type { Replica } from '../../replica/index.js';
import {
  CLIENT_MESSAGE_LIMIT_BYTES,
  GrpcServer,
  agentService,
  clientSchemas,
  coordinationService,
  operatorService,
  schedulerService,
  renewCredentials,
  serverCredentials,
  type AgentMethods,
  type Handlers,
  type SchedulerMethods,
  type TlsMaterial,
} from '../../wire/index.js';
import { ChangeRecord } from '../events.js';
import { coordinationHandlers } from './coordination.js';
import { operatorHandlers } from './operator.js';
import type { Backups } from './snapshot.js';

export interface GrpcDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMaterial | null;
  readonly replica: Replica;
  readonly coordination: CoordinationService;
  readonly scheduler: Handlers<SchedulerMethods>;
  readonly agents: Handlers<AgentMethods>;
  readonly backups: Backups;
  /** What an operator should look at here, besides what the group says. */
  readonly warnings: () => readonly string[];
  /** Calls back every `ms` until the result is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

const STOP_GRACE_MS = 300;
const HEALTH_INTERVAL_MS = 200;

/** The gRPC door of a master: all client services, health and reflection on one listener. */
export class GrpcDoor {
  private readonly options: GrpcDoorOptions;
  private readonly server: GrpcServer;
  private readonly credentials: ReturnType<typeof serverCredentials>;
  private readonly changes: ChangeRecord;
  private readonly health: HealthImplementation;
  private readonly services: readonly string[];
  private stopHealth: (() => void) | null = null;

  constructor(options: GrpcDoorOptions) {
    const { replica, coordination, scheduler, agents, backups, warnings, tls, every } = options;
    this.options = options;
    this.changes = new ChangeRecord(replica);
    this.credentials = serverCredentials(tls, 'optional');
    this.server = new GrpcServer({
      credentials: this.credentials,
      messageLimitBytes: CLIENT_MESSAGE_LIMIT_BYTES,
    });
    const operator = operatorHandlers({ replica, changes: this.changes, backups, warnings, every });
    this.server.add(coordinationService(), coordinationHandlers(coordination));
    this.server.add(operatorService(), operator);
    this.server.add(schedulerService(), scheduler);
    this.server.add(agentService(), agents);
    this.services = [coordinationService(), operatorService(), schedulerService(), agentService()].map(
      ({ name }) => name,
    );
    this.health = new HealthImplementation();
    this.health.addToServer(this.server.raw);
    new ReflectionService(clientSchemas()).addToServer(this.server.raw);
  }

  /** Resolves to the port. Rejects with PORT_IN_USE or TLS. */
  async start(): Promise<number> {
    const { host, port, every } = this.options;
    this.changes.start();
    this.checkHealth();
    const bound = await this.server.listen(host, port);
    this.stopHealth = every(HEALTH_INTERVAL_MS, () => this.checkHealth());
    return bound;
  }

  /** Shows connections that come from now on another certificate. */
  renew(tls: TlsMaterial): void {
    renewCredentials(this.credentials, tls);
  }

  async stop(): Promise<void> {
    this.stopHealth?.();
    this.tellHealth('NOT_SERVING');
    this.changes.stop();
    await this.server.stop(STOP_GRACE_MS);
  }

  /** SERVING while this member can serve: a leader is known and the state is loaded. */
  private checkHealth(): void {
    this.tellHealth(this.options.replica.status().trouble === null ? 'SERVING' : 'NOT_SERVING');
  }

  private tellHealth(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of ['', ...this.services]) this.health.setStatus(service, status);
  }
}
