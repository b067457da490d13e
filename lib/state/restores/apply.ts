import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { effect, refuse, type Turn } from '../turn.js';
import { adopt } from './adopt.js';
import { decodeRecords } from './codec.js';
import { damageOf } from './table.js';
import type { RestoreBegin, RestoreChunk, RestoreCommand, StagingView } from './types.js';

const ID = /^[0-9a-f]{32}$/;
const FILE = /^[0-9a-f]{64}$/;
/** A restore that got on no more for so long makes way for another one. */
export const STAGING_SILENCE_MS = 600_000;

export function applyRestore(state: State, turn: Turn, command: RestoreCommand): CommandResult {
  const { restores } = state;
  const { restore } = command;
  // The answer may have been lost: whatever is asked of a restore that was committed is done.
  if (restores.last?.restore === restore) return effect(turn, false);
  if (command.kind === 'restore-begin') return begin(state, turn, command);
  const { staging } = restores;
  if (command.kind === 'restore-abandon') {
    if (staging?.restore === restore) restores.drop();
    return effect(turn, staging?.restore === restore);
  }
  if (staging?.restore !== restore) {
    return refuse(turn, 'RESTORE_LOST', `restore ${restore} is not being staged`);
  }
  if (command.kind === 'restore-chunk') return take(state, turn, staging, command);
  if (command.kind === 'restore-settle') return settle(state, turn, staging);
  if (!restores.settled) return refuse(turn, 'INVALID_ARGUMENT', `restore ${restore} is not settled yet`);
  const successor = adopt(state, turn, staging);
  state.successor = successor;
  return { ...effect(turn, true), revision: successor.core.revision };
}

function begin(state: State, turn: Turn, command: RestoreBegin): CommandResult {
  const { kind: _, anyCluster, ...facts } = command;
  const { restores, core } = state;
  if (!ID.test(facts.restore) || !FILE.test(facts.file)) {
    return refuse(
      turn,
      'INVALID_ARGUMENT',
      'a restore has an id of 32, its file a digest of 64 hexadecimal digits',
    );
  }
  if (facts.clusterId !== core.clusterId && !anyCluster) {
    const message = `the snapshot is of cluster ${facts.clusterId}, this is cluster ${core.clusterId}`;
    return refuse(turn, 'FOREIGN_CLUSTER', message);
  }
  const { staging } = restores;
  if (staging?.restore === facts.restore) return effect(turn, false);
  if (staging !== null && turn.nowMs - staging.touchedMs < STAGING_SILENCE_MS) {
    const message = `restore ${staging.restore} is under way, ${staging.staged} of ${staging.records} records are here`;
    return refuse(turn, 'RESTORING', message);
  }
  restores.begin({ ...facts, chunks: 0, staged: 0, steps: 0, touchedMs: turn.nowMs });
  return effect(turn, true);
}

function take(state: State, turn: Turn, staging: StagingView, command: RestoreChunk): CommandResult {
  const { number, records } = command;
  if (number < staging.chunks) return effect(turn, false);
  if (number > staging.chunks || staging.steps > 0) {
    const next = staging.steps > 0 ? 'none is taken any more' : `the next one is ${staging.chunks}`;
    return refuse(turn, 'INVALID_ARGUMENT', `chunk ${number} of the snapshot: ${next}`);
  }
  return guarded(state, turn, () => {
    const count = decodeRecords(records).length;
    const chunks = number + 1;
    const header = { ...staging, chunks, staged: staging.staged + count, touchedMs: turn.nowMs };
    state.restores.take(records, header);
    return effect(turn, true);
  });
}

function settle(state: State, turn: Turn, staging: StagingView): CommandResult {
  if (state.restores.settled) return effect(turn, false);
  return guarded(state, turn, () => {
    return effect(turn, state.restores.settle({ ...staging, touchedMs: turn.nowMs }));
  });
}

/** What turns out to be damaged is dropped whole, and nothing of it was ever in force. */
function guarded(state: State, turn: Turn, step: () => CommandResult): CommandResult {
  try {
    return step();
  } catch (cause) {
    const damage = damageOf(cause);
    if (damage === null) throw cause;
    state.restores.drop();
    return refuse(turn, 'SNAPSHOT_DAMAGED', damage);
  }
}
