import type { StateEvent } from '../state/index.js';

/** What a loop does about the events it cares for. */
export type EventHandlers = {
  readonly [K in StateEvent['kind']]?: (event: Extract<StateEvent, { readonly kind: K }>) => void;
};

export function dispatchEvents(events: readonly StateEvent[], handlers: EventHandlers): void {
  for (const event of events) (handlers[event.kind] as ((event: StateEvent) => void) | undefined)?.(event);
}
