import type { NodeId } from '../../base/index.js';
import type { CommandResult } from '../results.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { done, effect, refuse, type Turn } from '../turn.js';
import { CHECKPOINT_RECORD } from './codec.js';
import type {
  Checkpoint,
  CheckpointDigest,
  CheckpointsView,
  CheckpointView,
  DigestVerdict,
} from './types.js';

const CHECKPOINT_FIXED_BYTES = 256;
export const MEMBERS_PER_CHECKPOINT = 64;
export const DIGEST: RegExp = /^[0-9a-f]{16}$/;

/** Keys sort as the indexes do: 16 decimal digits hold every safe integer. */
function keyOf(index: number): string {
  return String(index).padStart(16, '0');
}

/** The digests that members reported for the last few checkpoints. */
export class CheckpointTable implements CheckpointsView {
  readonly table: ObjectTable<CheckpointView>;

  constructor(number: number, digest: Digest) {
    this.table = new ObjectTable({
      number,
      name: 'checkpoints',
      version: 1,
      fixedBytes: CHECKPOINT_FIXED_BYTES,
      digest,
      codec: CHECKPOINT_RECORD,
    });
  }

  list(): CheckpointView[] {
    return this.table.list();
  }

  verdicts(voters: readonly NodeId[]): DigestVerdict[] {
    return this.list().map((checkpoint) => judge(checkpoint, voters));
  }

  begin(index: number, kept: number): void {
    this.table.put(keyOf(index), { index, digests: [] });
    const ids = this.table.ids();
    for (const id of ids.slice(0, Math.max(0, ids.length - kept))) this.table.delete(id);
  }

  get(index: number): CheckpointView | null {
    return this.table.get(keyOf(index));
  }

  replace(checkpoint: CheckpointView): void {
    this.table.put(keyOf(checkpoint.index), checkpoint);
  }
}

function judge(checkpoint: CheckpointView, voters: readonly NodeId[]): DigestVerdict {
  const { index } = checkpoint;
  const counts = new Map<string, number>();
  let reported = 0;
  for (const { node, digest } of checkpoint.digests) {
    if (!voters.includes(node)) continue;
    reported++;
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  const majority = Math.floor(voters.length / 2) + 1;
  for (const [digest, count] of counts) {
    if (count < majority) continue;
    const differing = checkpoint.digests.filter((one) => one.digest !== digest).map((one) => one.node);
    return { kind: 'majority', index, digest, differing };
  }
  const best = Math.max(0, ...counts.values());
  if (best + (voters.length - reported) >= majority) return { kind: 'open', index };
  return { kind: 'split', index, view: checkpoint };
}

export function applyCheckpoint(
  checkpoints: CheckpointTable,
  turn: Turn,
  _command: Checkpoint,
): CommandResult {
  checkpoints.begin(turn.index, turn.limits.checkpointsKept);
  turn.events.push({ kind: 'checkpoint', revision: turn.revision, index: turn.index });
  return done(turn);
}

/** A report for a checkpoint that is no longer kept, or was never asked for, has no effect. */
export function applyCheckpointDigest(
  checkpoints: CheckpointTable,
  turn: Turn,
  command: CheckpointDigest,
): CommandResult {
  const { node, index, digest } = command;
  if (!DIGEST.test(digest)) return refuse(turn, 'INVALID_ARGUMENT', 'a digest is 16 hexadecimal digits');
  const checkpoint = checkpoints.get(index);
  if (checkpoint === null) return effect(turn, false);
  const others = checkpoint.digests.filter((one) => one.node !== node);
  if (others.length >= MEMBERS_PER_CHECKPOINT) return effect(turn, false);
  const digests = [...others, { node, digest }].sort((a, b) => (a.node < b.node ? -1 : 1));
  checkpoints.replace({ index, digests });
  turn.events.push({ kind: 'checkpoint-digest', revision: turn.revision, index, node, digest });
  return effect(turn, true);
}
