import { MalformedError, TepuiError, must, newerFormat } from '../base/index.js';
import { AgentTable } from './agents/table.js';
import { ClusterTable } from './cluster/table.js';
import { CoordinationTable } from './zookeeper/table.js';
import { CoreTable } from './core.js';
import type { LoadMeta, StateRecord } from './cut.js';
import { FrameworkTable } from './frameworks/table.js';
import { LaneTable } from './lanes.js';
import { DEFAULT_LIMITS, type MachineLimits } from './limits.js';
import { MembershipTable } from './membership/table.js';
import { AlarmTable } from './operations/alarms.js';
import { CheckpointTable } from './operations/checkpoints.js';
import { RestoreTable } from './restores/table.js';
import { RoleTable } from './roles/roles.js';
import { SessionTable } from './sessions/table.js';
import { Digest } from './store/digest.js';
import type { Table } from './store/table.js';
import { isTerminal } from './tasks/states.js';
import { SweepSet } from './tasks/sweeps.js';
import { TaskTable } from './tasks/table.js';
import { AclTable } from './tree/acl.js';
import { NodeTable } from './tree/nodes.js';
import type { Tree } from './tree/op-turn.js';
import { Quotas } from './tree/quotas.js';

/** Table numbers as they stand in data folders: never changed, never reused. */
export const TABLE = {
  core: 1,
  lanes: 2,
  members: 3,
  sessions: 4,
  results: 5,
  tree: 6,
  agents: 7,
  frameworks: 8,
  tasks: 9,
  updates: 10,
  checkpoints: 11,
  roles: 12,
  alarms: 13,
  joinTokens: 14,
  marks: 15,
  upkeep: 16,
  retired: 17,
  restored: 18,
  staging: 19,
  staged: 20,
  acls: 21,
  coordination: 22,
} as const;

let versions: ReadonlyMap<number, { readonly name: string; readonly version: number }> | null = null;

/**
 * Throws NEWER_FORMAT for a record of a table, or of a version, that this release does not know. Asked before
 * anything is made of the record: what a newer release wrote must neither be guessed nor be taken for damage.
 */
export function expectKnownRecord({ table, value }: Pick<StateRecord, 'table' | 'value'>): void {
  versions ??= new Map(new State(DEFAULT_LIMITS).tables.map((one) => [one.number, one]));
  const known = versions.get(table);
  if (known === undefined) {
    throw new TepuiError('NEWER_FORMAT', `a record of table ${table}, which this release does not know`);
  }
  const version = value[0] ?? 0;
  if (version > known.version) throw newerFormat(`a record of table ${known.name}`, version, known.version);
}

type Loader = (key: Uint8Array, value: Uint8Array) => void;

/** All tables of the machine. What survives a restart is in them, as records; everything else is derived. */
export class State {
  readonly digest: Digest = new Digest();
  readonly sweeps: SweepSet = new SweepSet();
  readonly core: CoreTable;
  readonly lanes: LaneTable = new LaneTable(TABLE.lanes, this.digest);
  readonly cluster: ClusterTable;
  readonly sessions: SessionTable = new SessionTable(TABLE.sessions, TABLE.results, this.digest);
  readonly acls: AclTable = new AclTable(TABLE.acls, this.digest);
  readonly tree: NodeTable = new NodeTable(TABLE.tree, this.digest, this.acls);
  readonly quotas: Quotas = new Quotas(this.tree);
  /** What the ops of the tree change. */
  readonly treeAndQuotas: Tree = { nodes: this.tree, quotas: this.quotas };
  readonly agents: AgentTable = new AgentTable(TABLE.agents, this.digest, this.sweeps);
  readonly frameworks: FrameworkTable = new FrameworkTable(TABLE.frameworks, this.digest, this.sweeps);
  readonly tasks: TaskTable = new TaskTable(TABLE.tasks, TABLE.updates, this.digest);
  readonly checkpoints: CheckpointTable = new CheckpointTable(TABLE.checkpoints, this.digest);
  readonly roles: RoleTable = new RoleTable(TABLE.roles, this.digest);
  readonly membership: MembershipTable = new MembershipTable(
    { tokens: TABLE.joinTokens, marks: TABLE.marks, upkeep: TABLE.upkeep, retired: TABLE.retired },
    this.digest,
  );
  readonly coordination: CoordinationTable = new CoordinationTable(TABLE.coordination, this.digest);
  readonly alarms: AlarmTable = new AlarmTable(TABLE.alarms, this.digest);
  readonly restores: RestoreTable = new RestoreTable(
    { restored: TABLE.restored, staging: TABLE.staging, staged: TABLE.staged },
    this.digest,
    () => new State(DEFAULT_LIMITS),
  );
  /** A restore was committed: this state takes the place of the one it is set in, before anything else is applied. */
  successor: State | null = null;
  /** It took another one's place and no cut was begun since: the folder still holds that one. */
  whole = false;
  /** In the order in which cuts encode them. */
  readonly tables: readonly Table[];
  private readonly loaders: ReadonlyMap<number, Loader>;

  constructor(limits: MachineLimits) {
    this.core = new CoreTable(TABLE.core, this.digest, limits);
    this.cluster = new ClusterTable(TABLE.members, this.digest, this.core);
    this.tables = [
      this.core,
      this.lanes.table,
      this.cluster.table,
      this.sessions.sessions,
      this.sessions.results,
      this.tree.table,
      this.agents.table,
      this.frameworks.table,
      this.tasks.table,
      this.tasks.updates.table,
      this.checkpoints.table,
      this.roles.table,
      this.alarms.table,
      this.membership.tokens,
      this.membership.marks,
      this.membership.policies,
      this.membership.gone,
      this.restores.restored,
      this.restores.header,
      this.restores.chunks,
      this.acls.table,
      this.coordination.table,
    ];
    const loaders = new Map<number, Loader>(
      this.tables.map((table) => [table.number, (key, value) => table.load(key, value)]),
    );
    loaders.set(TABLE.sessions, (key, value) => this.sessions.loadSession(key, value));
    loaders.set(TABLE.results, (key, value) => this.sessions.loadResult(key, value));
    loaders.set(TABLE.tree, (key, value) => this.tree.load(key, value));
    loaders.set(TABLE.tasks, (key, value) => this.tasks.load(key, value));
    loaders.set(TABLE.updates, (key, value) => this.tasks.updates.load(key, value));
    this.loaders = loaders;
  }

  bytes(): number {
    let bytes = this.restores.shadowBytes;
    for (const table of this.tables) bytes += table.bytes;
    return bytes;
  }

  records(): number {
    let records = 0;
    for (const table of this.tables) records += table.records;
    return records;
  }

  load(record: StateRecord): void {
    expectKnownRecord(record);
    const loader = must(this.loaders.get(record.table), () => `table ${record.table} has no loader`);
    try {
      loader(record.key, record.value);
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw new TepuiError('DAMAGED', `a record of table ${record.table}: ${cause.message}`, { cause });
    }
  }

  /** Rebuilds what is derived from the records that were loaded, in steps. Throws DAMAGED. */
  *link(): Generator<undefined, void> {
    this.tree.finishLoad();
    yield;
    this.quotas.finishLoad();
    this.sessions.finishLoad();
    yield;
    this.cluster.finishLoad();
    this.agents.finishLoad();
    this.frameworks.finishLoad();
    yield;
    this.tasks.finishLoad(isTerminal);
    yield;
  }

  finishLoad(meta: LoadMeta): void {
    for (const steps = this.link(); steps.next().done !== true;);
    this.restores.finishLoad();
    const digest = this.digest.toString();
    if (digest !== meta.digest) {
      throw new TepuiError('DAMAGED', `the state at ${meta.index} has digest ${digest}, not ${meta.digest}`, {
        fields: { index: meta.index, expected: meta.digest, found: digest },
      });
    }
    if (this.core.revision !== meta.revision) {
      throw new TepuiError('DAMAGED', `revision ${this.core.revision}, not ${meta.revision}`);
    }
  }
}
