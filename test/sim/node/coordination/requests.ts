import { below, chance, pick, utf8Encode, type Random } from '../../../../lib/base/index.js';
import type { CreateMode, TreeOp } from '../../../../lib/state/index.js';
import {
  CREATE_FLAGS,
  OP,
  type MultiWrite,
  type Request,
  type WatchableRead,
} from '../../../../lib/wire/zookeeper/index.js';
import type { SessionOptions } from '../options.js';

/** What a client asks next: writes as the machine will see them, beside the request on the wire. */
export type Ask =
  | {
      readonly kind: 'write';
      readonly ops: readonly TreeOp[];
      readonly multi: boolean;
      readonly request: Request;
    }
  | { readonly kind: 'read'; readonly request: WatchableRead }
  | { readonly kind: 'watch'; readonly path: string; readonly recursive: boolean };

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

const FLAGS: Readonly<Record<CreateMode, number>> = {
  persistent: CREATE_FLAGS.persistent,
  'persistent-sequential': CREATE_FLAGS.persistentSequential,
  ephemeral: CREATE_FLAGS.ephemeral,
  'ephemeral-sequential': CREATE_FLAGS.ephemeralSequential,
  container: CREATE_FLAGS.container,
  ttl: CREATE_FLAGS.ttl,
  'ttl-sequential': CREATE_FLAGS.ttlSequential,
};

const MODES: readonly CreateMode[] = [
  'persistent',
  'persistent',
  'ephemeral',
  'ephemeral',
  'ephemeral-sequential',
  'persistent-sequential',
  'container',
  'ttl',
];

/** Draws what a client asks for, by what it knows. */
export class Requests {
  private readonly options: SessionOptions;
  private readonly random: Random;
  private readonly number: number;
  /** Versions that it was shown. */
  readonly versions = new Map<string, number>();
  private tag = 0;

  constructor(number: number, options: SessionOptions, random: Random) {
    this.number = number;
    this.options = options;
    this.random = random;
  }

  /** What everything else is below. */
  folders(): Ask[] {
    return Array.from({ length: this.options.folders }, (_, i) =>
      single(this.create(`/z${i}`, 'persistent', 0)),
    );
  }

  draw(): Ask {
    const at = below(this.random, 100);
    if (at < 40) return this.read();
    if (at < 44)
      return {
        kind: 'watch',
        path: chance(this.random, 0.5) ? this.folder() : this.node(),
        recursive: chance(this.random, 0.5),
      };
    return this.write();
  }

  write(): Ask {
    if (!chance(this.random, 0.15)) return single(this.op());
    const ops = Array.from({ length: 1 + below(this.random, 3) }, () => this.op());
    return multi(ops);
  }

  read(): Extract<Ask, { readonly kind: 'read' }> {
    const { random } = this;
    const op = pick(random, [OP.getData, OP.getData, OP.exists, OP.getChildren2]);
    const path = op === OP.getChildren2 || chance(random, 0.1) ? this.folder() : this.node();
    return { kind: 'read', request: { op, path, watch: chance(random, 0.5) } };
  }

  private op(): TreeOp {
    const { random } = this;
    const at = below(random, 10);
    if (at < 5) return this.drawCreate();
    const known = [...this.versions.keys()];
    const path = known.length > 0 && chance(random, 0.6) ? pick(random, known) : this.node();
    const version = chance(random, 0.6) ? (this.versions.get(path) ?? -1) : -1;
    if (at < 8) return { op: 'set', path, data: this.data(), version };
    if (at < 9 || !this.isLeaf(path)) return { op: 'check', path, version };
    return { op: 'delete', path, version };
  }

  private drawCreate(): TreeOp {
    const { random } = this;
    const mode = pick(random, MODES);
    switch (mode) {
      case 'ephemeral':
        return this.create(`${this.folder()}/e${below(random, 3)}`, mode, 0);
      case 'ephemeral-sequential':
      case 'persistent-sequential':
        return this.create(`${this.folder()}/q`, mode, 0);
      case 'container':
        return this.create(`${this.folder()}/c`, mode, 0);
      case 'ttl':
        return this.create(`${this.folder()}/t${below(random, 2)}`, mode, pick(random, [300, 1500]));
      case 'persistent':
      case 'ttl-sequential':
        return this.create(this.node(), 'persistent', 0);
    }
  }

  private create(path: string, mode: CreateMode, ttlMs: number): TreeOp {
    return { op: 'create', path, data: this.data(), acl: OPEN, mode, ttlMs };
  }

  private folder(): string {
    return `/z${below(this.random, this.options.folders)}`;
  }

  private node(): string {
    const { random } = this;
    const at = below(random, 10);
    if (at < 5) return `${this.folder()}/n${below(random, this.options.nodes)}`;
    if (at < 7) return `${this.folder()}/e${below(random, 3)}`;
    return at < 9 ? `${this.folder()}/c/x` : `${this.folder()}/t${below(random, 2)}`;
  }

  private isLeaf(path: string): boolean {
    return path.lastIndexOf('/') > 0;
  }

  /** No two writes are alike. */
  private data(): Uint8Array {
    return utf8Encode(`${this.number}.${++this.tag}`);
  }
}

function single(op: TreeOp): Ask {
  return { kind: 'write', ops: [op], multi: false, request: requestOf(op) };
}

function multi(ops: readonly TreeOp[]): Ask {
  return { kind: 'write', ops, multi: true, request: { op: OP.multi, requests: ops.map(requestOf) } };
}

function requestOf(op: TreeOp): MultiWrite {
  switch (op.op) {
    case 'create':
      return {
        op: opcodeOf(op.mode),
        path: op.path,
        data: op.data,
        acl: op.acl,
        flags: FLAGS[op.mode],
        ttlMs: op.mode === 'ttl' ? op.ttlMs : -1,
      };
    case 'set':
      return { op: OP.setData, path: op.path, data: op.data, version: op.version };
    case 'delete':
      return { op: OP.delete, path: op.path, version: op.version };
    case 'check':
    case 'set-acl':
      return { op: OP.check, path: op.path, version: op.version };
  }
}

function opcodeOf(mode: CreateMode): 15 | 19 | 21 {
  if (mode === 'container') return OP.createContainer;
  return mode === 'ttl' ? OP.createTtl : OP.create2;
}
