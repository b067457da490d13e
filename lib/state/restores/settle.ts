import { TepuiError } from '../../base/index.js';
import type { State } from '../state.js';
import type { StagingView } from './types.js';

/** Rows, or sessions with few results, that one step looks at. */
const ROWS_PER_STEP = 8192;
const SESSIONS_PER_STEP = 256;

/**
 * Makes a staged state whole, a step at a time: every step is one command of the log, so each is short, and after a
 * restart as many are done again.
 *
 *   verified ► relations linked, table by table ► sessions ended ► everything marked for the first cut
 *
 * Sessions end because a client may still repeat what it sent in them before: it must not run in the new history.
 */
export function* settling(next: State, facts: StagingView): Generator<undefined, void> {
  verify(next, facts);
  yield;
  yield* next.link();
  yield* endSessions(next);
  yield* touchAll(next);
}

function verify({ digest, core }: State, facts: StagingView): void {
  const found = digest.toString();
  if (found === facts.digest && core.revision === facts.revision && facts.staged === facts.records) return;
  throw new TepuiError(
    'SNAPSHOT_DAMAGED',
    `${facts.staged} of ${facts.records} records have digest ${found} at revision ${core.revision}, not ${facts.digest} at ${facts.revision}`,
  );
}

function* endSessions({ sessions }: State): Generator<undefined, void> {
  let left = SESSIONS_PER_STEP;
  for (const id of sessions.ids()) {
    sessions.end(sessions.find(id));
    if (--left > 0) continue;
    left = SESSIONS_PER_STEP;
    yield;
  }
  yield;
}

/** The folder holds another state: the first cut has to write all of this one. */
function* touchAll({ tables }: State): Generator<undefined, void> {
  for (const table of tables) {
    for (let from = 0; table.touchRows(from, from + ROWS_PER_STEP); from += ROWS_PER_STEP) yield;
  }
}
