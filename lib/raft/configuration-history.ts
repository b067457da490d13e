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
    if (this.steps.length === 0) this.steps.push(findBelow(from, log));
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
    if (!this.exact) this.recall(commit, log);
    const settled = this.steps.findLastIndex((step) => step.index <= commit);
    return this.steps.slice(Math.max(settled, 0)).some((step) => isVoter(step.configuration, id));
  }

  /** Reads from the log what a restart forgot, back to the configuration that was in force at `commit`. */
  private recall(commit: LogIndex, log: Log): void {
    this.exact = true;
    const [first, ...later] = this.steps;
    const recalled: Step[] = [];
    let step = findBelow(first!.index + 1, log);
    for (; step.index > commit && step.index > log.base().index; step = findBelow(step.index, log)) {
      recalled.unshift(step);
    }
    this.steps = [step, ...recalled, ...later];
  }

  /** Forgets what a truncation above `index` can no longer bring back. */
  prune(index: LogIndex): void {
    while (this.steps.length > 1 && this.steps[1]!.index <= index) this.steps.shift();
  }

  /** The configuration in force at `index`, which is within the log or its base. */
  at(index: LogIndex, log: Log): Configuration {
    const known = this.steps.findLast((step) => step.index <= index);
    if (known !== undefined) return known.configuration;
    const found = findBelow(index + 1, log);
    // Kept, so that the log is searched once and not for every cut of the state.
    this.steps.unshift(found);
    return found.configuration;
  }

  /** Number of configurations that entered above `index`. */
  countAbove(index: LogIndex): number {
    return this.steps.filter((step) => step.index > index).length;
  }

  private get top(): Step {
    return must(this.steps.at(-1), 'no configuration is in force');
  }
}

/** Searches the log downwards. Rare: only when an entry older than this process is truncated. */
function findBelow(from: LogIndex, log: Log): Step {
  for (let to = from; to > log.firstIndex; to -= SEARCH_STEP) {
    const entry = lastConfiguration(log, Math.max(log.firstIndex, to - SEARCH_STEP), to);
    if (entry !== null) return { index: entry.index, configuration: decodeConfiguration(entry.data) };
  }
  const base = log.base();
  return { index: base.index, configuration: base.configuration };
}

function lastConfiguration(log: Log, from: LogIndex, to: LogIndex): Entry | null {
  let found: Entry | null = null;
  for (let at = from; at < to;) {
    const entries = log.read(at, to, SEARCH_BYTES);
    for (const entry of entries) if (entry.kind === 'configuration') found = entry;
    at += must(entries.at(-1), () => `log holds no entry at ${at}`).index + 1 - at;
  }
  return found;
}
