/** One look at the cluster, as `dev` shows it. */
export interface MasterRow {
  readonly id: string;
  readonly pid: number | null;
  readonly grpc: string;
  /** `down`: the process does not run or does not answer. */
  readonly role: string;
  readonly term: number;
  /** It says of itself that it serves: of a leader, that it has applied an entry of its own term. */
  readonly healthy: boolean;
  readonly appliedIndex: number;
  /** Entries behind the furthest member. */
  readonly lag: number;
}

export interface AgentRow {
  readonly id: string;
  readonly pid: number | null;
  readonly state: string;
  readonly cpusUsed: number;
  readonly cpusTotal: number;
  readonly memUsedMb: number;
  readonly memTotalMb: number;
  readonly tasks: number;
}

export interface TaskRow {
  readonly id: string;
  readonly framework: string;
  readonly agent: string;
  readonly state: string;
}

export interface Picture {
  readonly masters: readonly MasterRow[];
  readonly agents: readonly AgentRow[];
  readonly tasks: readonly TaskRow[];
  readonly leader: string | null;
  /** Why nothing is served, in numbers; empty when all is well. */
  readonly trouble: string;
}
