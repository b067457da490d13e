/**
 * A loop that runs only on the leader. Its soft state is built anew from the machine at each `start` and
 * dropped at `stop`; what it decides becomes true only by being proposed.
 */
export interface LeaderLoop {
  /** This member has applied an entry of its own `term`: its machine is complete. */
  start(term: number): void;
  /** The term of office is over. Nothing may be pushed, answered or proposed in its name any more. */
  stop(): void;
}
