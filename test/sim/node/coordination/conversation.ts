import type { TreeOp } from '../../../../lib/state/index.js';
import { textOf, type Change, type Expected } from './tree.js';
import { Told } from './watches.js';

/** What became of a write that the group has run. */
export interface Effect {
  readonly revision: number;
  /** Of each op; one alone unless it was a multi. Null: refused as a whole. */
  readonly outcomes: readonly Expected[] | null;
  readonly code: string | null;
}

/** A write as its client sent it. */
export interface Sent {
  readonly print: string;
  /** Highest revision that anybody had been shown before. */
  readonly floor: number;
  effect: Effect | null;
}

/** One connection, as whoever checks it knows it: named by the address that the network gave its client. */
export class Conversation {
  readonly address: string;
  /** Session and password that it asks for; null: a new one. */
  readonly wants: { readonly session: string; readonly password: string } | null;
  readonly askedUs: number;
  /** By the history of the group. */
  session: string | null = null;
  readonly sent: Sent[] = [];
  /** How many of them the group has run. */
  ran = 0;
  /** When a member last wrote to it. */
  leftUs = -Infinity;
  readonly told: Told;

  constructor(address: string, wants: Conversation['wants'], askedUs: number, changes: readonly Change[]) {
    this.address = address;
    this.wants = wants;
    this.askedUs = askedUs;
    this.told = new Told(address, changes);
  }

  write(print: string, floor: number): Sent {
    const sent = { print, floor, effect: null };
    this.sent.push(sent);
    return sent;
  }
}

export const CLOSE = 'close';

/** The same text for the same ops. */
export function printOf(ops: readonly TreeOp[], multi: boolean): string {
  const texts = ops.map((op) => {
    switch (op.op) {
      case 'create':
        return `create ${op.mode} ${op.path} ${op.ttlMs} ${textOf(op.data)}`;
      case 'set':
        return `set ${op.path} ${op.version} ${textOf(op.data)}`;
      case 'delete':
      case 'check':
        return `${op.op} ${op.path} ${op.version}`;
      case 'set-acl':
        return op.op;
    }
  });
  return multi ? `multi ${texts.join(', ')}` : texts.join(', ');
}
