import { z } from 'zod';
import type { TlsFiles } from '../../wire/index.js';
import { timeoutProblem, zookeeperSchema, type ZooKeeperConfig } from './zookeeper.js';
import { HEARTBEATS_PER_ELECTION, type Timing } from './timing.js';

/** Where doors open, or how they are reached, as `host:port`. */
export interface MasterDoors {
  readonly grpc?: string | undefined;
  readonly peer?: string | undefined;
  readonly zookeeper?: string | undefined;
  readonly http?: string | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface BackupConfig {
  readonly dir: string;
  readonly everyMinutes: number;
  /** Newest files that stay. */
  readonly keep: number;
  /** `leader`: whoever leads takes them; `each`: every master for itself. */
  readonly by: 'leader' | 'each';
}

export interface MasterConfig {
  readonly id: string;
  readonly dataDir: string;
  /**
   * Where a door opens; 127.0.0.1 and its default port when absent. Those for ZooKeeper clients and for HTTP may be `off`.
   */
  readonly listen: MasterDoors;
  /** How others reach the door; the listen address when absent. */
  readonly advertise: MasterDoors;
  /** Peer addresses of all members, this one included. */
  readonly members: Readonly<Record<string, string>>;
  /** Dial no other addresses of members than these, whatever members tell about themselves. */
  readonly membersOnly: boolean;
  /** For a new master of an existing group. Of no effect once its folder belongs to one. */
  readonly join?: { readonly token: string; readonly masters: readonly string[] } | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly insecure: boolean;
  readonly timing: Timing;
  readonly zookeeper: ZooKeeperConfig;
  /** Scheduled backups: snapshot files in a folder. */
  readonly backup?: BackupConfig | undefined;
  /** Memory that the replicated state may take on this member. */
  readonly memoryBudgetMb: number;
  readonly logLevel: LogLevel;
}

export interface AgentConfig {
  readonly id: string;
  readonly dataDir: string;
  /** gRPC addresses of masters; several, to survive the loss of a host. */
  readonly masters: readonly string[];
  readonly hostname?: string | undefined;
  /** What the agent offers; the machine's own size where absent. `mem` and `disk` in megabytes. */
  readonly resources: {
    readonly cpus?: number | undefined;
    readonly mem?: number | undefined;
    readonly disk?: number | undefined;
  };
  readonly attributes: Readonly<Record<string, string>>;
  readonly tls?: TlsFiles | undefined;
  readonly logLevel: LogLevel;
}

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/;

const address = z
  .string()
  .regex(ADDRESS, 'must be host:port')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535');
/** One that others connect to. */
const target = address.refine((text) => !text.endsWith(':0'), 'has port 0, which nobody can connect to');
const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be letters, digits, ".", "_" or "-", at most 63');

/** Says of a door that there is none. */
export const OFF = 'off';
/** Doors that a master can do without. */
export const OPTIONAL_DOORS = ['zookeeper', 'http'] as const;

const tls = z.strictObject({ cert: z.string(), key: z.string(), ca: z.string() });

const listen = z.strictObject({
  grpc: address.optional(),
  peer: address.optional(),
  zookeeper: z.literal(OFF).or(address).optional(),
  http: z.literal(OFF).or(address).optional(),
});
const advertise = z.strictObject({
  grpc: target.optional(),
  peer: target.optional(),
  zookeeper: target.optional(),
  http: target.optional(),
});

const masterKeys = z.strictObject({
  id,
  dataDir: z.string().min(1),
  listen: listen.default({}),
  advertise: advertise.default({}),
  members: z.record(id, target).default({}),
  join: z.strictObject({ token: z.string().min(1), masters: z.array(target).min(1) }).optional(),
  membersOnly: z.boolean().default(false),
  tls: tls.optional(),
  insecure: z.boolean().default(false),
  timing: z
    .strictObject({
      tickMs: z.number().int().min(5).max(1000).default(20),
      heartbeatMs: z.number().int().min(10).max(10_000).default(100),
      electionMs: z.number().int().min(50).max(60_000).default(400),
      agentTimeoutMs: z.number().int().min(1000).max(3_600_000).default(15_000),
      leaseMs: z.number().int().min(0).optional(),
    })
    .prefault({}),
  zookeeper: zookeeperSchema.prefault({}),
  backup: z
    .strictObject({
      dir: z.string().min(1),
      everyMinutes: z.number().min(1).max(44_640).default(60),
      keep: z.number().int().min(1).max(10_000).default(24),
      by: z.enum(['leader', 'each']).default('leader'),
    })
    .optional(),
  memoryBudgetMb: z.number().int().min(64).max(1_000_000).default(2048),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** What each key alone cannot tell. */
export const masterSchema: z.ZodType<MasterConfig> = masterKeys.superRefine((config, context) => {
  const { id: own, members, timing } = config;
  const wrong = (path: string[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  const founds = Object.keys(members).length > 0;
  if (founds && members[own] === undefined) wrong(['members'], `must name this member too, ${own}`);
  const addresses = Object.values(members);
  const twice = addresses.find((one, i) => addresses.indexOf(one) !== i);
  if (twice !== undefined) wrong(['members'], `two members have the address ${twice}`);
  if (timing.heartbeatMs < timing.tickMs) {
    wrong(['timing', 'heartbeatMs'], `${timing.heartbeatMs} is below tickMs, ${timing.tickMs}`);
  }
  const least = HEARTBEATS_PER_ELECTION * timing.heartbeatMs;
  if (timing.electionMs < least) {
    const why = `${HEARTBEATS_PER_ELECTION} times heartbeatMs (${timing.heartbeatMs})`;
    wrong(['timing', 'electionMs'], `${timing.electionMs} is below ${least}, ${why}`);
  }
  for (const door of OPTIONAL_DOORS) {
    if (config.listen[door] !== OFF || config.advertise[door] === undefined) continue;
    wrong(['advertise', door], `is of no use while listen.${door} is ${OFF}`);
  }
  if (config.listen.zookeeper !== OFF) {
    const why = timeoutProblem(config.zookeeper, timing);
    if (why !== null) wrong(['zookeeper', 'minSessionTimeoutMs'], why);
  }
  if ((timing.leaseMs ?? 0) > timing.electionMs) {
    const why = `electionMs (${timing.electionMs}): every failover would wait for it`;
    wrong(['timing', 'leaseMs'], `${timing.leaseMs} is above ${why}`);
  }
});

export const agentSchema: z.ZodType<AgentConfig> = z.strictObject({
  id,
  dataDir: z.string().min(1),
  masters: z.array(target).min(1),
  hostname: z.string().min(1).optional(),
  resources: z
    .strictObject({
      cpus: z.number().min(0.001).max(100_000).optional(),
      mem: z.number().min(1).optional(),
      disk: z.number().min(0).optional(),
    })
    .prefault({}),
  attributes: z.record(z.string().min(1), z.string()).default({}),
  tls: tls.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
