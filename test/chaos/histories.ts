import { ABSENT, type RegisterAction, type SlotAction } from '../../chaos/history/history.js';
import type { Operation, Outcome } from '../../chaos/history/operations.js';

let lastId = 0;

type Times = readonly [invokeNs: number, returnNs: number];

function operation(
  action: RegisterAction | SlotAction,
  [invokeNs, returnNs]: Times,
  outcome: Outcome,
): Operation {
  return { id: ++lastId, process: 'p', key: '/k', action, invokeNs, returnNs, outcome };
}

export function read(times: Times, value: string, version: number, index: number = version * 10): Operation {
  return operation({ f: 'read' }, times, { kind: 'ok', value, version, index });
}

export function write(times: Times, value: string, version: number, index: number = version * 10): Operation {
  return operation({ f: 'write', value }, times, { kind: 'ok', value, version, index });
}

export function cas(
  times: Times,
  value: string,
  expected: number,
  index: number = (expected + 1) * 10,
): Operation {
  const outcome = { kind: 'ok', value, version: expected + 1, index } as const;
  return operation({ f: 'cas', value, expected }, times, outcome);
}

/** Answered with BAD_VERSION. */
export function mismatch(times: Times, value: string, expected: number): Operation {
  return operation({ f: 'cas', value, expected }, times, { kind: 'mismatch', absent: false });
}

export function unknownWrite(invokeNs: number, value: string): Operation {
  return operation({ f: 'write', value }, [invokeNs, Infinity], { kind: 'unknown' });
}

export function unknownCas(invokeNs: number, value: string, expected: number): Operation {
  return operation({ f: 'cas', value, expected }, [invokeNs, Infinity], { kind: 'unknown' });
}

export function create(times: Times, value: string): Operation {
  return operation({ f: 'create', value }, times, { kind: 'ok', value, version: 0, index: 0 });
}

/** Answered with NODE_EXISTS. */
export function createRefused(times: Times, value: string): Operation {
  return operation({ f: 'create', value }, times, { kind: 'mismatch', absent: false });
}

export function remove(times: Times, expected: number): Operation {
  return operation({ f: 'delete', expected }, times, { kind: 'ok', value: '', version: ABSENT, index: 0 });
}

export function unknownRemove(invokeNs: number, expected: number): Operation {
  return operation({ f: 'delete', expected }, [invokeNs, Infinity], { kind: 'unknown' });
}

/** Answered with NO_NODE. */
export function removeRefused(times: Times, expected: number): Operation {
  return operation({ f: 'delete', expected }, times, { kind: 'mismatch', absent: true });
}

/** A read that was told that there is no such node. */
export function readNothing(times: Times): Operation {
  return read(times, '', ABSENT);
}
