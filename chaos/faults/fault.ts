/** A fault of known victims. Each step throws when what it asks for did not happen. */
export interface Fault {
  readonly victims: readonly string[];
  /** Resolves when the fault is seen to be there; for cuts, see `heal`. */
  inject(): Promise<void>;
  /** Ends it and resolves to what confirms that it was there. */
  heal(): Promise<string>;
  /** When all masters serve again: resolves to what became of it. */
  over?(): Promise<string>;
  /** Once it is over, or was given up. */
  close?(): void;
}

export const CONFIRM_LIMIT_MS = 5_000;
export const RESTART_LIMIT_MS = 20_000;
