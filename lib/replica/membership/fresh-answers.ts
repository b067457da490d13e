import type { NodeId } from '../../base/index.js';
import type { RaftStatus } from '../../raft/index.js';

/** Whether a node has answered since it was asked. */
export type Answered = (node: NodeId) => boolean;

export interface FreshAnswersHost {
  readonly status: () => RaftStatus;
  readonly nowMs: () => number;
  /** Has the leader begin a round of heartbeats. */
  readonly beginRound: () => void;
  /** Who has not answered after this long counts as down. */
  readonly patienceMs: number;
}

interface Question {
  readonly nodes: readonly NodeId[];
  /** Rounds above this one were begun after the question. */
  readonly sinceRound: number;
  readonly untilMs: number;
  /** Null: this member leads no more. */
  readonly done: (answered: Answered | null) => void;
}

/**
 * Who is there at this moment. A leader takes a peer for alive for an election timeout after it was heard last: one that
 * was lost since, or stands still, would be counted on. What must not count on the dead asks here first, and goes on
 * when everybody that matters has answered a round of heartbeats begun after the question, or when the time is over.
 */
export class FreshAnswers {
  private readonly host: FreshAnswersHost;
  private questions: Question[] = [];

  constructor(host: FreshAnswersHost) {
    this.host = host;
  }

  /** `nodes`: who is waited for. `done` may be called at once. */
  ask(nodes: readonly NodeId[], done: Question['done']): void {
    const { status, nowMs, beginRound, patienceMs } = this.host;
    const sinceRound = status().round;
    const question = { nodes, sinceRound, untilMs: nowMs() + patienceMs, done };
    if (nodes.length === 0) return done(this.answered(question));
    this.questions.push(question);
    beginRound();
  }

  /** Called on each tick of a leader. */
  check(): void {
    if (this.questions.length === 0) return;
    const nowMs = this.host.nowMs();
    const over = this.questions.filter((one) => nowMs >= one.untilMs || one.nodes.every(this.answered(one)));
    this.questions = this.questions.filter((one) => !over.includes(one));
    for (const question of over) question.done(this.answered(question));
  }

  /** The term of office is over. */
  abandon(): void {
    const { questions } = this;
    this.questions = [];
    for (const { done } of questions) done(null);
  }

  private answered({ sinceRound }: Question): Answered {
    const { id, peers } = this.host.status();
    const there = new Set(
      peers.filter(({ answeredRound }) => answeredRound > sinceRound).map((one) => one.id),
    );
    return (node) => node === id || there.has(node);
  }
}
