/**
 * Everything that bounds the machine. They decide results, so they are part of the replicated state: the
 * `cluster-init` command fixes them for the group, whatever the members' configuration says.
 */
export interface MachineLimits {
  /** Budget of a member that has told none, in bytes of records (keys, values and a fixed cost each). */
  readonly memoryBudgetBytes: number;
  /** Growth is refused above this share of the smallest budget, in thousandths. */
  readonly growthShareMilli: number;
  readonly records: number;
  /** One command, encoded. */
  readonly commandBytes: number;
  readonly nodeDataBytes: number;
  readonly pathBytes: number;
  readonly sessions: number;
  readonly sessionTimeoutMinMs: number;
  readonly sessionTimeoutMaxMs: number;
  /** Answers kept per session that its client has not acknowledged. */
  readonly resultsPerSession: number;
  /** Ids of agents, frameworks, tasks and roles; also hostnames and names. */
  readonly idBytes: number;
  /** Opaque bytes of one agent, framework, task or status. */
  readonly specBytes: number;
  readonly attributesPerAgent: number;
  readonly namedResources: number;
  readonly rolesPerFramework: number;
  readonly tasksPerLaunch: number;
  /** Tasks of one agent outside the history. */
  readonly tasksPerAgent: number;
  readonly updatesPerTask: number;
  readonly messageBytes: number;
  /** Tasks that one slice of a sweep touches at most. */
  readonly tasksPerSweep: number;
  readonly completedTasksPerFramework: number;
  readonly completedFrameworks: number;
  readonly removedAgents: number;
  readonly checkpointsKept: number;
  /** Nodes that end with one coordination session: all of them go in one command. */
  readonly ephemeralsPerSession: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_LIMITS: MachineLimits = {
  memoryBudgetBytes: 2048 * MIB,
  growthShareMilli: 750,
  records: 16_000_000,
  commandBytes: 2 * MIB,
  nodeDataBytes: MIB,
  pathBytes: 4 * KIB,
  sessions: 100_000,
  sessionTimeoutMinMs: 1_000,
  sessionTimeoutMaxMs: 24 * 3_600_000,
  resultsPerSession: 1_024,
  idBytes: 255,
  specBytes: 256 * KIB,
  attributesPerAgent: 256,
  namedResources: 64,
  rolesPerFramework: 64,
  tasksPerLaunch: 500,
  tasksPerAgent: 10_000,
  updatesPerTask: 128,
  messageBytes: 4 * KIB,
  tasksPerSweep: 500,
  completedTasksPerFramework: 1_000,
  completedFrameworks: 1_000,
  removedAgents: 10_000,
  checkpointsKept: 8,
  ephemeralsPerSession: 20_000,
};

/** In the order in which limits are encoded. Append only. */
export const LIMIT_NAMES: readonly (keyof MachineLimits)[] = [
  'memoryBudgetBytes',
  'growthShareMilli',
  'records',
  'commandBytes',
  'nodeDataBytes',
  'pathBytes',
  'sessions',
  'sessionTimeoutMinMs',
  'sessionTimeoutMaxMs',
  'resultsPerSession',
  'idBytes',
  'specBytes',
  'attributesPerAgent',
  'namedResources',
  'rolesPerFramework',
  'tasksPerLaunch',
  'tasksPerAgent',
  'updatesPerTask',
  'messageBytes',
  'tasksPerSweep',
  'completedTasksPerFramework',
  'completedFrameworks',
  'removedAgents',
  'checkpointsKept',
  'ephemeralsPerSession',
];

/** That many of them every release knows. */
export const FIRST_LIMITS = 24;
