import { check } from '../violation.js';
import type { Effect, Model } from './model.js';

/** What became of a write as its client knows it. */
interface Operation {
  /** Highest revision that any client had been shown when it was called first. */
  readonly floor: number;
  /** Some attempt ended without an answer: it may take effect. */
  unknown: boolean;
  fate: 'open' | 'answered' | 'lost';
}

export interface HistoryCounts {
  writes: number;
  acknowledged: number;
  refused: number;
  lost: number;
  unknown: number;
  reads: number;
  localReads: number;
  readsRefused: number;
}

/**
 * What clients called and were told, held against what took effect. Writes and reads are linearizable when each
 * takes effect between its call and its answer: above everything that anybody had been shown before the call
 * (S21, S25, S26), and as the history of the group has it (S23, S30).
 */
export class NodeHistory {
  readonly counts: HistoryCounts = {
    writes: 0,
    acknowledged: 0,
    refused: 0,
    lost: 0,
    unknown: 0,
    reads: 0,
    localReads: 0,
    readsRefused: 0,
  };
  /** Highest revision that any finished call has shown to its client. */
  shown = 0;
  private readonly model: Model;
  private readonly operations = new Map<string, Operation>();

  constructor(model: Model) {
    this.model = model;
  }

  called(session: string, sequence: number): void {
    this.counts.writes++;
    this.operations.set(key(session, sequence), { floor: this.shown, unknown: false, fate: 'open' });
  }

  unanswered(session: string, sequence: number): void {
    this.operations.get(key(session, sequence))!.unknown = true;
  }

  /** The client is told of its effect: `code` null, or why it was refused by the machine. */
  answered(session: string, sequence: number, code: string | null, revision: number): void {
    const effect = this.effectOf(session, sequence, code);
    const name = key(session, sequence);
    const operation = this.operations.get(name)!;
    check(
      effect.code === code && (code !== null || effect.revision === revision),
      'S30',
      () => `${name} is answered ${code ?? `at ${revision}`}, but it was ${JSON.stringify(effect)}`,
    );
    check(
      effect.revision > operation.floor,
      'S25',
      () => `${name} took effect at ${effect.revision}, ${operation.floor} was shown before its call`,
    );
    operation.fate = 'answered';
    if (code === null) this.counts.acknowledged++;
    else this.counts.refused++;
    this.shown = Math.max(this.shown, effect.revision);
  }

  /** The client gives up. */
  ended(session: string, sequence: number): void {
    const operation = this.operations.get(key(session, sequence))!;
    if (operation.unknown) this.counts.unknown++;
    else {
      this.counts.lost++;
      operation.fate = 'lost';
    }
  }

  /** A read called at `floor` was answered from the state at `revision`. */
  read(path: string, floor: number | null, revision: number, version: number, data: string | null): void {
    const truth = this.model.at(path, revision);
    check(
      truth.data === data && truth.version === version,
      'S25',
      () =>
        `${path} at ${revision} is shown as version ${version} "${data ?? ''}", ` +
        `it was ${truth.version} "${truth.data ?? ''}"`,
    );
    if (floor === null) {
      this.counts.localReads++;
      return;
    }
    check(revision >= floor, 'S21', () => `stale read of ${path}: ${revision}, ${floor} was shown before`);
    this.counts.reads++;
    this.shown = Math.max(this.shown, revision);
  }

  /** What was reported surely lost never took effect. */
  finish(): void {
    for (const [name, { fate }] of this.operations) {
      const [session, sequence] = name.split(' ') as [string, string];
      const effect = this.model.effect(session, Number(sequence));
      check(
        fate !== 'lost' || effect === undefined,
        'false-loss',
        () => `${name} was refused everywhere, and took effect at ${effect?.index}`,
      );
    }
  }

  private effectOf(session: string, sequence: number, code: string | null): Effect {
    const effect = this.model.effect(session, sequence);
    check(
      effect !== undefined,
      'S30',
      () => `${key(session, sequence)} is answered ${code}, but was never applied`,
    );
    return effect!;
  }
}

function key(session: string, sequence: number): string {
  return `${session} ${sequence}`;
}
