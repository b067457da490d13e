import { isSortedSet } from '../checks.js';
import type { CommandResult } from '../results.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { effect, refuse, type Refusal, type Turn } from '../turn.js';
import { DIGEST, MEMBERS_PER_CHECKPOINT } from './checkpoints.js';
import { ALARM_RECORD } from './codec.js';
import type { AlarmClear, AlarmRaise, AlarmView } from './types.js';

const ALARM_FIXED_BYTES = 256;
/** The only alarm there is; others would stand beside it under names of their own. */
const DIVERGED = 'diverged';

/** The alarm that stands, if any. A record, so that no restart and no new leader forgets it. */
export class AlarmTable {
  readonly table: ObjectTable<AlarmView>;

  constructor(number: number, digest: Digest) {
    this.table = new ObjectTable({
      number,
      name: 'alarms',
      version: 1,
      fixedBytes: ALARM_FIXED_BYTES,
      digest,
      codec: ALARM_RECORD,
    });
  }

  get standing(): AlarmView | null {
    // Asked for every command: no look-up while there is nothing to find.
    return this.table.records === 0 ? null : this.table.get(DIVERGED);
  }

  raise(alarm: AlarmView): void {
    this.table.put(DIVERGED, alarm);
  }

  clear(): void {
    this.table.delete(DIVERGED);
  }
}

/** Why nothing may be written now, or null. */
export function divergenceFault(alarms: AlarmTable): Refusal | null {
  const alarm = alarms.standing;
  if (alarm === null) return null;
  const values = new Set(alarm.digests.map(({ digest }) => digest)).size;
  const members = `${alarm.digests.length} members have ${values} different states at entry ${alarm.index}`;
  return { code: 'DIVERGED', message: `${members}, and none of them has a majority: writes are refused` };
}

/** One that stands is told anew by a later checkpoint; one that comes late changes nothing. */
export function applyAlarmRaise(alarms: AlarmTable, turn: Turn, command: AlarmRaise): CommandResult {
  const { index, digests } = command;
  if (digests.length > MEMBERS_PER_CHECKPOINT) {
    return refuse(turn, 'TOO_LARGE', `${digests.length} members; the limit is ${MEMBERS_PER_CHECKPOINT}`);
  }
  if (!digests.every(({ digest }) => DIGEST.test(digest))) {
    return refuse(turn, 'INVALID_ARGUMENT', 'a digest is 16 hexadecimal digits');
  }
  if (!isSortedSet(digests.map(({ node }) => node))) {
    return refuse(turn, 'INVALID_ARGUMENT', 'members are listed in order, each once');
  }
  const before = alarms.standing;
  if (before !== null && before.index >= index) return effect(turn, false);
  alarms.raise({ index, digests, sinceRevision: before?.sinceRevision ?? turn.revision });
  turn.events.push({ kind: 'alarm-raised', revision: turn.revision, index });
  return effect(turn, true);
}

export function applyAlarmClear(alarms: AlarmTable, turn: Turn, command: AlarmClear): CommandResult {
  const before = alarms.standing;
  if (before === null || before.index >= command.index) return effect(turn, false);
  alarms.clear();
  turn.events.push({ kind: 'alarm-cleared', revision: turn.revision, index: command.index });
  return effect(turn, true);
}
