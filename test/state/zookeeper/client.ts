import type { ErrorCode, SessionId } from '../../../lib/base/index.js';
import {
  OPEN_ACL,
  type AclEntry,
  type CoordinationWrite,
  type CreateMode,
  type Identity,
  type NodeStat,
  type OpOutcome,
  type ResultValue,
  type TreeOp,
} from '../../../lib/state/index.js';
import { bytes, type Driver, M1 } from '../support/driver.js';

export const PASSWORD: Uint8Array = new Uint8Array(16).fill(5);

/** A coordination session of a driver's machine, and the writes that its client would send. */
export class Client {
  readonly driver: Driver;
  readonly session: SessionId;
  attachment = 1;

  constructor(driver: Driver, session: string, identities: readonly Identity[] = []) {
    this.driver = driver;
    this.session = session.padStart(16, '0') as SessionId;
    driver.done({
      kind: 'coordination-open',
      session: this.session,
      password: PASSWORD,
      timeoutMs: 10_000,
      identities,
      member: M1,
    });
  }

  done(op: TreeOp): ResultValue {
    return this.driver.done(this.command([op], false));
  }

  refused(op: TreeOp): ErrorCode {
    return this.driver.refused(this.command([op], false));
  }

  /** The outcome of each op, or its code. */
  multi(...ops: readonly TreeOp[]): (OpOutcome | ErrorCode)[] {
    const value = this.driver.done(this.command(ops, true));
    if (value.kind !== 'multi') throw new Error(`a multi answered ${value.kind}`);
    return value.outcomes.map((outcome) => (outcome.ok ? outcome : outcome.code));
  }

  /** The path that a create answers. */
  create(path: string, mode: CreateMode = 'persistent', acl: readonly AclEntry[] = OPEN_ACL): string {
    const value = this.done(create(path, mode, acl));
    return value.kind === 'created' ? value.path : '';
  }

  authenticate(scheme: string, id: string): void {
    const { session, attachment } = this;
    this.driver.done({ kind: 'coordination-authenticate', session, attachment, identity: { scheme, id } });
  }

  close(): void {
    this.driver.done({ kind: 'coordination-close', session: this.session, attachment: this.attachment });
  }

  stat(path: string): NodeStat | null {
    return this.driver.machine.tree.exists(path);
  }

  command(ops: readonly TreeOp[], multi: boolean): CoordinationWrite {
    const { session, attachment } = this;
    return { kind: 'coordination-write', session, attachment, ops, multi };
  }
}

export function create(
  path: string,
  mode: CreateMode = 'persistent',
  acl: readonly AclEntry[] = OPEN_ACL,
  data: Uint8Array | null = bytes('d'),
): TreeOp {
  return { op: 'create', path, data, acl, mode, ttlMs: mode.startsWith('ttl') ? 1000 : 0 };
}

export function set(path: string, version: number = -1, data: Uint8Array | null = bytes('new')): TreeOp {
  return { op: 'set', path, data, version };
}

export function remove(path: string, version: number = -1): TreeOp {
  return { op: 'delete', path, version };
}

export function check(path: string, version: number): TreeOp {
  return { op: 'check', path, version };
}

export function setAcl(path: string, acl: readonly AclEntry[], version: number = -1): TreeOp {
  return { op: 'set-acl', path, acl, version };
}

export function acl(permissions: number, scheme: string, id: string): readonly AclEntry[] {
  return [{ permissions, scheme, id }];
}
