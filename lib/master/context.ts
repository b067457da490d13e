import type { Clock, Logger, Random, Timers } from '../base/index.js';
import type { Outcome, Replica } from '../replica/types.js';
import { encodeCommand, type Command } from '../state/index.js';

/** What every loop and service of this room works with. */
export interface MasterContext {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

export function proposeCommand(
  context: MasterContext,
  command: Command,
  done: (outcome: Outcome) => void,
): void {
  context.replica.propose(encodeCommand(command), done);
}

/** 16 random bytes: the seed of a sweep, the uuid of an update. */
export function randomBytes16(context: MasterContext): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < 16; at += 4) view.setUint32(at, context.random.uint32());
  return bytes;
}
