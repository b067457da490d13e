import { setFlagsFromString } from 'node:v8';

/** Above what is alive after a collection, in percent. V8's own choice for a heap of this size is about 100. */
const GROWTH_PERCENT = 400;

/**
 * Lets the heap of a master grow further between two full collections. What is alive there is small (some 30 MiB: nodes,
 * their data and the log are outside of it), and what goes through is much, so that collections took a fifth of all
 * processor time under load: `npm run bench:zookeeper -- --rows set` has 5 to 15 % more with this. V8 looks at the flag
 * whenever it sets a new limit, so it may be set in a process that runs.
 */
export function roomierHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
