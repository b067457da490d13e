import { TepuiError, type TimerHandle } from '../base/index.js';
import type { SaveSnapshotRequest } from '../wire/index.js';
import type { Door } from './door.js';
import { duration } from './refusals.js';
import type { World } from './system.js';

export interface SnapshotSink {
  /** The bytes that follow are the first of a file; what came before does not count. */
  begin(address: string): void;
  /** To be stored before it returns: the next piece is taken only then. What it throws ends the transfer. */
  data(bytes: Uint8Array): void;
}

/** A member that sends nothing for so long is given up; before the first piece it waits for a cut of its state. */
const SILENCE_MS = 45_000;

/** One transfer from one member. Rejects with its refusal, or with UNREACHABLE when it breaks off. */
export function receiveSnapshot(
  door: Door,
  { timers }: World,
  request: SaveSnapshotRequest,
  sink: SnapshotSink,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let silence: TimerHandle | null = null;
    const watch = (): void => {
      silence?.cancel();
      silence = timers.after(SILENCE_MS, () => {
        const reason = `silent for ${duration(SILENCE_MS)}`;
        fail(new TepuiError('UNREACHABLE', `${door.address}: ${reason}`, { fields: { reason } }));
      });
    };
    const stream = door.open('saveSnapshot', {
      message: ({ data, last }) => {
        watch();
        try {
          sink.data(data);
        } catch (error) {
          return fail(error);
        }
        if (!last) return;
        silence?.cancel();
        stream.cancel();
        resolve();
      },
      drain: () => undefined,
      ended: (error) => fail(error),
    });
    const fail = (error: unknown): void => {
      silence?.cancel();
      stream.cancel();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    watch();
    stream.write(request);
  });
}
