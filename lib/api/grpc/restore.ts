import { TepuiError, type ClusterId } from '../../base/index.js';
import { answerOf } from '../../coordination/index.js';
import type { Replica } from '../../replica/index.js';
import {
  encodeCommand,
  encodeRecords,
  expectKnownRecord,
  type RestoreCommand,
  type RestoredView,
} from '../../state/index.js';
import type { Restored, RestoreReply, RestoreRequest } from '../../wire/index.js';

/** One step of a restore, as one command of the log; resolves when it is applied here. Each is harmless to repeat. */
export async function restoreStep(replica: Replica, request: RestoreRequest): Promise<RestoreReply> {
  const command = encodeCommand(commandOf(request));
  const { commandBytes } = replica.machine.limits;
  if (command.length > commandBytes) {
    throw new TepuiError('TOO_LARGE', `a step of ${command.length} bytes; the limit is ${commandBytes}`);
  }
  return await new Promise((resolve, reject) => {
    replica.propose(command, (outcome) => {
      const answer = answerOf(outcome, (index) => ({ index }));
      if (answer.kind === 'refused') {
        const code = answer.unknown ? 'OUTCOME_UNKNOWN' : answer.code;
        return reject(new TepuiError(code, answer.message));
      }
      const { value } = answer;
      const result = outcome.kind === 'applied' && outcome.result.ok ? outcome.result.value : null;
      resolve({ ...value, changed: result?.kind === 'effect' && result.changed });
    });
  });
}

function commandOf({ restore, step }: RestoreRequest): RestoreCommand {
  switch (step.kind) {
    case 'begin': {
      const { snapshot, anyCluster } = step;
      return { kind: 'restore-begin', restore, anyCluster, ...snapshot };
    }
    case 'chunk':
      // Asked here: what this release cannot read would break every member of it once it is in the log.
      for (const record of step.records) expectKnownRecord(record);
      return { kind: 'restore-chunk', restore, number: step.number, records: encodeRecords(step.records) };
    case 'settle':
      return { kind: 'restore-settle', restore };
    case 'commit':
      return { kind: 'restore-commit', restore };
    case 'abandon':
      return { kind: 'restore-abandon', restore };
  }
}

export function describeRestored(view: RestoredView): Restored {
  const { restore, restoredAtMs, formerRevision, history } = view;
  const { file, createdAtMs, index, revision, digest, records } = view;
  const clusterId: ClusterId = view.clusterId;
  const snapshot = { file, clusterId, createdAtMs, index, revision, digest, records };
  return { restore, snapshot, restoredAtMs, formerRevision, history };
}
