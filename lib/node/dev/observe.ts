import type {
  AgentSummary,
  ClusterStatus,
  FrameworkSummary,
  ListReply,
  Operator,
  TaskSummary,
} from '../../client/index.js';

const STATUS_TIMEOUT_MS = 500;

/** What the cluster said when it was asked last; each list as new as any member has shown it so far. */
export interface Seen {
  readonly status: ClusterStatus;
  /** Pids of masters that have answered so far. */
  readonly answered: ReadonlySet<number>;
  readonly agents: readonly AgentSummary[];
  readonly frameworks: readonly FrameworkSummary[];
  readonly tasks: readonly TaskSummary[];
}

/** Whom an observer asks. */
export type Asked = Pick<Operator, 'status' | 'agents' | 'frameworks' | 'tasks'>;

const LOCAL = { consistency: 'LOCAL' } as const;

/**
 * Looks at the cluster again and again. A look waits for the status only, which every member gives for itself;
 * lists come when they come, from any member: the view must wait neither for a leader nor for a dead one.
 */
export class Observer {
  private readonly operator: Asked;
  private readonly answered = new Set<number>();
  private readonly agents: LatestList<AgentSummary>;
  private readonly frameworks: LatestList<FrameworkSummary>;
  private readonly tasks: LatestList<TaskSummary>;

  constructor(operator: Asked) {
    this.operator = operator;
    this.agents = new LatestList(() => operator.agents(LOCAL));
    this.frameworks = new LatestList(() => operator.frameworks(LOCAL));
    this.tasks = new LatestList(() => operator.tasks(LOCAL));
  }

  async look(): Promise<Seen> {
    const lists = [this.agents, this.frameworks, this.tasks];
    for (const list of lists) list.ask();
    const status = await this.operator.status(STATUS_TIMEOUT_MS);
    for (const { role, pid } of status.members) if (role !== 'unreachable') this.answered.add(pid);
    return {
      status,
      answered: this.answered,
      agents: this.agents.items,
      frameworks: this.frameworks.items,
      tasks: this.tasks.items,
    };
  }
}

/** Asks for a list, once at a time, and keeps the newest: one member may be behind another, the view never goes back. */
class LatestList<T> {
  items: readonly T[] = [];
  private index = 0;
  private asking = false;
  private readonly fetch: () => Promise<ListReply<T>>;

  constructor(fetch: () => Promise<ListReply<T>>) {
    this.fetch = fetch;
  }

  ask(): void {
    if (this.asking) return;
    this.asking = true;
    const asked = this.fetch().then(
      (reply) => this.take(reply),
      // No member gave it in time; the next look asks again.
      () => undefined,
    );
    void asked.finally(() => (this.asking = false));
  }

  private take({ index, items }: ListReply<T>): void {
    if (index < this.index) return;
    this.index = index;
    this.items = items;
  }
}
