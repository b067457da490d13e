import { must, type NodeId } from '../base/index.js';
import { decodeConfiguration } from './configuration-codec.js';
import type { Log } from './log.js';
import { isVoter } from './membership.js';
import type { Configuration, Entry, LogIndex } from './types.js';

interface Step {
  /** Index of the entry that brought the configuration, or a later one when that is not known. */
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

/** How many entries one backward search step reads. */
const SEARCH_STEP = 256;
const SEARCH_BYTES = 1 << 20;

/**
 * Which configuration is in force: always the last one in the log, committed or not (thesis §4.1). Earlier
 * ones are remembered while the entry that replaced them may still be truncated.
 */
export class ConfigurationHistory {
  /** Ascending; never empty. */
  private steps: Step[];
  /** False after a restart: the first step's index is an upper bound, and what came before is not known. */
  private exact = false;

  constructor(index: LogIndex, configuration: Configuration) {
    this.steps = [{ index, configuration }];
  }

  get current(): Configuration {
    return this.top.configuration;
  }

  /** The entry that brought `current` is at or below this index. */
  get index(): LogIndex {
    return this.top.index;
  }

  append(index: LogIndex, configuration: Configuration): void {
    this.steps.push({ index, configuration });
  }

  /** Restores the configuration that was in force before `from`. True when it differs from the present one. */
  truncate(from: LogIndex, log: Log): boolean {
    if (this.index < from) return false;
    while (this.steps.length > 0 && this.steps.at(-1)!.index >= from) this.steps.pop();
    if (this.steps.length > 0) return true;
    this.steps.push(findBelow(from, log));
    this.exact = true;
    return true;
  }

  /** A snapshot replaced the log: only its configuration is known. */
  reset(index: LogIndex, configuration: Configuration): void {
    this.steps = [{ index, configuration }];
    this.exact = true;
  }

  /**
   * Whether `id` votes in any configuration that may still be in force somewhere: the last committed one and
   * those after it. Such a node may be needed to commit the one that removes it (thesis §4.2.2).
   */
  isNeeded(id: NodeId, commit: LogIndex, log: Log): boolean {
    if (isVoter(this.current, id)) return true;
    if (this.index <= commit) return false;
    this.recall(commit, log);
    const settled = this.steps.findLastIndex((step) => step.index <= commit);
    return this.steps.slice(Math.max(settled, 0)).some((step) => isVoter(step.configuration, id));
  }

  /** The configuration in force at `index`, which is not below the base of the log. */
  at(index: LogIndex, log: Log): Configuration {
    this.recall(index, log);
    const step = this.steps.findLast((candidate) => candidate.index <= index);
    return must(step, () => `no configuration is known at ${index}: the log begins above it`).configuration;
  }

  /** Forgets what a truncation above `index` can no longer bring back. */
  prune(index: LogIndex): void {
    while (this.steps.length > 1 && this.steps[1]!.index <= index) {
      this.steps.shift();
      this.exact = true;
    }
  }

  /** Number of configurations that entered above `index`. */
  countAbove(index: LogIndex): number {
    return this.steps.filter((step) => step.index > index).length;
  }

  /** Reads from the log what a restart or `prune` forgot, down to the configuration in force at `index`. */
  private recall(index: LogIndex, log: Log): void {
    const { steps } = this;
    if (!this.exact) steps[0] = findBelow(steps[0]!.index + 1, log);
    this.exact = true;
    while (steps[0]!.index > Math.max(index, log.base().index)) {
      steps.unshift(findBelow(steps[0]!.index, log));
    }
  }

  private get top(): Step {
    return must(this.steps.at(-1), 'no configuration is in force');
  }
}

/** Searches the log downwards. Rare: only for what is older than this process. */
function findBelow(from: LogIndex, log: Log): Step {
  const base = log.base();
  const first = base.index + 1;
  for (let to = from; to > first; to -= SEARCH_STEP) {
    const entry = lastConfiguration(log, Math.max(first, to - SEARCH_STEP), to);
    if (entry !== null) return { index: entry.index, configuration: decodeConfiguration(entry.data) };
  }
  return { index: base.index, configuration: base.configuration };
}

/** The last configuration entry of `[from, to)`. */
function lastConfiguration(log: Log, from: LogIndex, to: LogIndex): Entry | null {
  let found: Entry | null = null;
  while (from < to) {
    const entries = log.read(from, to, SEARCH_BYTES);
    found = entries.findLast((entry) => entry.kind === 'configuration') ?? found;
    from += entries.length;
  }
  return found;
}
