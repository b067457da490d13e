import type { Group, Member } from './group.js';

/** Something that takes the leadership away from a leader. */
export interface Fault {
  readonly name: string;
  /** Whether the leader is gone with it, and with it the service to the clients that use that member. */
  readonly hasVictim: boolean;
  strike(leader: Member): void | Promise<void>;
  heal(leader: Member): void | Promise<void>;
}

export function kill9(group: Group): Fault {
  return {
    name: 'kill9',
    hasVictim: true,
    strike: ({ id }) => group.kill(id),
    heal: ({ id }) => group.restart(id),
  };
}

export function sigstop(group: Group): Fault {
  return {
    name: 'sigstop',
    hasVictim: true,
    strike: ({ id }) => group.pause(id),
    heal: ({ id }) => group.resume(id),
  };
}

export function transfer(group: { transfer(): Promise<void> }): Fault {
  return {
    name: 'transfer',
    hasVictim: false,
    strike: () => group.transfer(),
    heal: () => undefined,
  };
}
