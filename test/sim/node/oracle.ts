import { crc32c } from '../../../lib/base/index.js';
import { decodeConfiguration, type Configuration, type Entry } from '../../../lib/raft/index.js';
import { DEFAULT_LIMITS, Machine, decodeEntry, type StateEvent } from '../../../lib/state/index.js';
import { check } from '../violation.js';
import { Model } from './model.js';

interface Known {
  readonly term: number;
  readonly crc: number;
  readonly digest: string;
}

/**
 * The history of the group as it was applied: the first member that applies an entry makes it history, everybody
 * else must agree. A machine of its own runs through all of it from the first entry on and is never restarted,
 * loaded or sent anywhere: every cut of every member must have its digest (S10, S24).
 */
export class Oracle {
  readonly model: Model = new Model();
  readonly machine: Machine = new Machine(DEFAULT_LIMITS);
  private readonly entries: Known[] = [];
  /** Sees the events of each entry, once. */
  private readonly listener: (events: readonly StateEvent[], machine: Machine) => void;

  private readonly configured: (index: number, configuration: Configuration) => void;

  constructor(
    listener: (events: readonly StateEvent[], machine: Machine) => void = () => undefined,
    configured: (index: number, configuration: Configuration) => void = () => undefined,
  ) {
    this.listener = listener;
    this.configured = configured;
  }

  get last(): number {
    return this.entries.length;
  }

  /** A member is about to apply `entry`. True when it is the first. */
  committed(who: string, entry: Entry): boolean {
    const known = this.entries[entry.index - 1];
    const crc = crc32c(entry.data);
    if (known === undefined) {
      this.extend(who, entry, crc);
      return true;
    }
    check(
      known.term === entry.term && known.crc === crc,
      'S10',
      () => `${who} applies ${entry.term}/${entry.index}, others ${known.term}/${entry.index}`,
    );
    return false;
  }

  /** A cut of a member's state. */
  cut(who: string, index: number, digest: string): void {
    if (index === 0) return;
    const known = this.entries[index - 1];
    check(
      known?.digest === digest,
      'S10',
      () => `${who} has digest ${digest} at ${index}, expected ${known?.digest ?? 'nothing there'}`,
    );
  }

  private extend(who: string, entry: Entry, crc: number): void {
    const { index, term, data } = entry;
    check(index === this.last + 1, 'S9', () => `${who} applies ${index}, the group is at ${this.last}`);
    if (entry.kind === 'normal') {
      const applied = this.machine.apply(index, term, data);
      check(applied.malformed === 0, 'malformed', () => `${applied.malformed} sub-batches of ${index}`);
      this.model.apply(index, term, decodeEntry(data), applied);
      check(
        this.model.revision === this.machine.revision,
        'S10',
        () => `revision ${this.machine.revision} at ${index}, expected ${this.model.revision}`,
      );
      this.model.coordination?.applied(this.machine);
      this.listener(applied.events, this.machine);
    } else if (entry.kind === 'configuration') this.configured(index, decodeConfiguration(data));
    const cut = this.machine.beginCut(index, term);
    while (!cut.encodeSlice(1000));
    this.entries.push({ term, crc, digest: cut.digest });
  }
}
