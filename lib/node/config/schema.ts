import { z } from 'zod';

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/;

const address = z.string().regex(ADDRESS, 'must be host:port');
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be letters, digits, ".", "_" or "-", at most 63');

const tls = z.strictObject({ cert: z.string(), key: z.string(), ca: z.string() });

/** `listen`: where a door opens. `advertise`: how others reach it; the listen address when absent. */
const masterDoors = z.strictObject({ grpc: address.optional(), peer: address.optional() });

export const masterSchema = z.strictObject({
  id,
  dataDir: z.string().min(1),
  listen: masterDoors.default({}),
  advertise: masterDoors.default({}),
  /** Peer addresses of all members, this one included. */
  members: z.record(id, address),
  tls: tls.optional(),
  insecure: z.boolean().default(false),
  timing: z
    .strictObject({
      tickMs: z.number().int().min(5).max(1000).default(20),
      heartbeatMs: z.number().int().min(10).max(10_000).default(100),
      electionMs: z.number().int().min(50).max(60_000).default(400),
      agentTimeoutMs: z.number().int().min(1000).max(3_600_000).default(15_000),
    })
    .prefault({}),
  /** Memory the replicated state may take on this member. */
  memoryBudgetMb: z.number().int().min(64).max(1_000_000).default(2048),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export const agentSchema = z.strictObject({
  id,
  dataDir: z.string().min(1),
  /** gRPC addresses of masters; several, to survive the loss of a host. */
  masters: z.array(address).min(1),
  hostname: z.string().min(1).optional(),
  resources: z
    .strictObject({
      cpus: z.number().min(0.001).max(100_000).optional(),
      /** Megabytes. */
      mem: z.number().min(1).optional(),
      /** Megabytes. */
      disk: z.number().min(0).optional(),
    })
    .prefault({}),
  attributes: z.record(z.string().min(1), z.string()).default({}),
  tls: tls.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type MasterConfig = z.infer<typeof masterSchema>;
export type AgentConfig = z.infer<typeof agentSchema>;
