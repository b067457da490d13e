import type { RegisterAction, SlotAction } from '../history/history.js';
import type { Entry } from './calls.js';
import type { Register, Sightings } from './register.js';

type Write = Exclude<RegisterAction | SlotAction, { readonly f: 'read' }>;

/** Calls that were never answered, by what has to be so for them to have an effect, in the order of their times. */
export class Unanswered {
  private readonly sightings: Sightings;
  /** They do the same, and no answer tells them apart: by kind and expected version. */
  private readonly alike: Map<string, Entry[]> = new Map();
  /** Some answer speaks of their values. */
  private readonly seen: Map<string, Entry[]> = new Map();

  constructor(calls: readonly Entry[], sightings: Sightings) {
    this.sightings = sightings;
    for (const call of calls) {
      const { action } = call.operation;
      if (action.f === 'read') continue;
      const [lists, need] = this.isSeen(call)
        ? [this.seen, this.seenNeed(action)]
        : [this.alike, needOf(action)];
      const list = lists.get(need);
      if (list === undefined) lists.set(need, [call]);
      else list.push(call);
    }
  }

  /**
   * Lists of calls to try in this state. Of the alike, the first one that is left is enough: where another one is used
   * in some order, the two can change places.
   */
  in({ version }: Register): { readonly alike: readonly Entry[][]; readonly seen: readonly Entry[][] } {
    const needs = [`cas ${version}`, `delete ${version}`, 'create', 'write'];
    return {
      alike: listed(this.alike, needs),
      seen: listed(this.seen, [...needs, `write ${version}`]),
    };
  }

  /** Some answer speaks of its value. */
  isSeen({ operation: { action } }: Entry): boolean {
    return 'value' in action && this.sightings.seen.has(action.value);
  }

  /** A blind write whose value was seen at one version only has its place by that. */
  private seenNeed(action: Write): string {
    const version = 'value' in action ? this.sightings.versionOf.get(action.value) : undefined;
    return action.f === 'write' && version !== undefined ? `write ${version - 1}` : needOf(action);
  }
}

function listed(lists: ReadonlyMap<string, Entry[]>, needs: readonly string[]): Entry[][] {
  return needs.flatMap((need) => {
    const list = lists.get(need);
    return list === undefined ? [] : [list];
  });
}

function needOf(action: Write): string {
  return 'expected' in action ? `${action.f} ${action.expected}` : action.f;
}
