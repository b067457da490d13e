import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Framework,
  TepuiError,
  hasEnded,
  taskInfo,
  timesFitting,
  type Offer,
  type TaskState,
  type TaskStatus,
} from '../../lib/client/index.js';
import type { UpdateTap } from './update-tap.js';

export type Outcome = { readonly code: number } | { readonly signal: string };

/** A task of a test: how long it takes and how it ends. */
export interface TestCommand {
  readonly id: string;
  readonly seconds: number;
  readonly outcome: Outcome;
}

/** Eighty fit on an agent of 4 CPUs. */
const SIZE = { cpus: 0.05, memMb: 16 };

/** What a task should be last heard as: state and message. */
export function expectedEnd({ outcome }: TestCommand): readonly [state: string, message: string] {
  if ('signal' in outcome) return ['TASK_FAILED', `Command terminated with signal ${outcome.signal}`];
  const state = outcome.code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
  return [state, `Command exited with status ${outcome.code}`];
}

/**
 * A framework on the public SDK that launches commands when told to and knows what is unanswered. Each command
 * appends one line to a file of its own in `runs`, outside its sandbox, when it starts.
 */
export class CommandFramework {
  readonly framework: Framework;
  readonly problems: string[] = [];
  readonly commands: Map<string, TestCommand> = new Map();
  readonly launchedAt: Map<string, number> = new Map();
  private readonly runs: string;
  private readonly waiting: TestCommand[] = [];
  private readonly offers: Map<string, Offer> = new Map();
  private readonly last: Map<string, { readonly state: TaskState; readonly agentId: string }> = new Map();
  private readonly held: TaskStatus[] = [];
  private holding = false;
  /** Calls that were made and not answered. */
  readonly unanswered: { launches: number; acknowledgements: number } = { launches: 0, acknowledgements: 0 };

  constructor(addresses: readonly string[], runs: string, tap: UpdateTap) {
    this.runs = runs;
    const handlers = {
      offers: (offers: readonly Offer[]) => {
        for (const offer of offers) this.offers.set(offer.id.value, offer);
        this.launchWaiting();
      },
      rescind: (id: string) => void this.offers.delete(id),
      update: (status: TaskStatus) => this.updated(status),
      error: (error: unknown) => void this.problems.push(`handler: ${String(error)}`),
    };
    const options = { addresses, name: 'commands', acknowledge: 'manual' as const, handlers };
    this.framework = new Framework(options, tap.ports);
  }

  /** Launched for certain and not known to have ended. */
  get active(): number {
    return [...this.launchedAt.keys()].filter((id) => !this.hasEnded(id)).length;
  }

  get hasOffers(): boolean {
    return this.offers.size > 0;
  }

  /** Updates that were received and whose acknowledgement is held back. */
  get heldBack(): number {
    return this.held.length;
  }

  /** Of what is held back: a task's start, which its end will have to wait for, and an end, which nothing follows. */
  get startAndEndHeldBack(): readonly [start: TaskStatus, end: TaskStatus] | null {
    const start = this.held.find(({ state }) => state === 'TASK_RUNNING');
    const end = this.held.find(({ state }) => hasEnded(state));
    return start === undefined || end === undefined ? null : [start, end];
  }

  hasEnded(id: string): boolean {
    const known = this.last.get(id);
    return known !== undefined && hasEnded(known.state);
  }

  runningOn(agentId: string): string[] {
    return [...this.last].flatMap(([id, { state, agentId: where }]) =>
      state === 'TASK_RUNNING' && where === agentId ? [id] : [],
    );
  }

  /** Launches the commands with the next offers, in the same turn if there are any. */
  launch(commands: readonly TestCommand[]): void {
    for (const command of commands) this.commands.set(command.id, command);
    this.waiting.push(...commands);
    this.launchWaiting();
  }

  hold(): void {
    this.holding = true;
  }

  /** Acknowledges what was held back, but for `kept`. */
  release(kept: readonly TaskStatus[] = []): void {
    this.holding = false;
    for (const status of this.held.splice(0)) {
      if (kept.includes(status)) this.held.push(status);
      else this.acknowledge(status);
    }
  }

  /** Lines that the command has written, each a start of it. */
  starts(id: string): string[] {
    return readFileSync(path.join(this.runs, id), 'utf8').trimEnd().split('\n');
  }

  private launchWaiting(): void {
    // Offers of both agents are mostly here: each takes its share.
    for (const [id, offer] of this.offers) {
      if (this.waiting.length === 0) return;
      const share = Math.ceil(this.waiting.length / this.offers.size);
      const commands = this.waiting.splice(0, Math.min(share, timesFitting(offer, SIZE)));
      this.offers.delete(id);
      this.unanswered.launches++;
      const tasks = commands.map((command) =>
        taskInfo(offer, { id: command.id, command: shellOf(command, this.runs), ...SIZE }),
      );
      this.framework.accept([id], tasks, { refuse_seconds: 0.01 }).then(
        () => this.accepted(commands),
        (error: unknown) => this.refused(commands, error),
      );
    }
  }

  private accepted(commands: readonly TestCommand[]): void {
    this.unanswered.launches--;
    for (const { id } of commands) this.launchedAt.set(id, Date.now());
  }

  /** An offer of before the failover: surely not launched, so the same tasks again. */
  private refused(commands: readonly TestCommand[], error: unknown): void {
    this.unanswered.launches--;
    if (!(error instanceof TepuiError) || error.certainty !== 'not-done') {
      this.problems.push(`launch of ${commands.map(({ id }) => id).join(', ')}: ${String(error)}`);
      return;
    }
    this.waiting.push(...commands);
    this.launchWaiting();
  }

  private updated(status: TaskStatus): void {
    const agentId = status.agent_id?.value ?? '';
    this.last.set(status.task_id.value, { state: status.state, agentId });
    if (this.holding) this.held.push(status);
    else this.acknowledge(status);
  }

  private acknowledge(status: TaskStatus): void {
    this.unanswered.acknowledgements++;
    const answered = (): void => void this.unanswered.acknowledgements--;
    this.framework.acknowledge(status).then(answered, (error: unknown) => {
      answered();
      this.problems.push(`acknowledgement of ${status.task_id.value}: ${String(error)}`);
    });
  }
}

function shellOf({ id, seconds, outcome }: TestCommand, runs: string): string {
  const end = 'signal' in outcome ? `kill -${outcome.signal.slice(3)} $$` : `exit ${outcome.code}`;
  return `ulimit -c 0; echo "started as $$" >> '${path.join(runs, id)}'; sleep ${seconds}; ${end}`;
}
