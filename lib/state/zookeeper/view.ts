import { must, type SessionId } from '../../base/index.js';
import type { State } from '../state.js';
import type { CoordinationSession, CoordinationView, MortalNode } from './types.js';

export class CoordinationTableView implements CoordinationView {
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  get size(): number {
    return this.state.coordination.table.records;
  }

  get(session: SessionId): CoordinationSession | null {
    return this.state.coordination.get(session);
  }

  sessions(): readonly SessionId[] {
    return this.state.coordination.table.ids() as readonly SessionId[];
  }

  get ephemeralCount(): number {
    return this.state.tree.ephemerals;
  }

  ephemerals(session: SessionId): string[] {
    const { tree } = this.state;
    return tree.rowsOwnedBy(session).map((row) => tree.path(row));
  }

  mortal(): MortalNode[] {
    const { tree } = this.state;
    const empty = tree.mortalRows().filter((row) => tree.children(row) === 0);
    return empty.map((row) => this.mortalNode(row));
  }

  /** Looks at columns alone, so that many that are not over cost little. */
  over(nowMs: number, unusedMs: number, limit: number): MortalNode[] {
    const { tree } = this.state;
    const found: MortalNode[] = [];
    for (const row of tree.mortalRows()) {
      if (found.length >= limit) break;
      if (tree.children(row) > 0) continue;
      const owner = tree.owner(row);
      const over =
        owner.kind === 'ttl'
          ? nowMs - tree.mtimeMs.get(row) > owner.ttlMs
          : tree.creations.get(row) > 0 || nowMs - tree.ctimeMs.get(row) > unusedMs;
      if (over) found.push(this.mortalNode(row));
    }
    return found;
  }

  private mortalNode(row: number): MortalNode {
    const { tree } = this.state;
    const owner = tree.owner(row);
    const kind = must(
      owner.kind === 'container' || owner.kind === 'ttl' ? owner.kind : null,
      () => `${tree.path(row)} is in the list of mortal nodes and ${owner.kind}`,
    );
    return {
      path: tree.path(row),
      kind,
      ttlMs: owner.kind === 'ttl' ? owner.ttlMs : 0,
      czxid: tree.czxid.get(row),
      mzxid: tree.mzxid.get(row),
      pzxid: tree.pzxid.get(row),
      ctimeMs: tree.ctimeMs.get(row),
      mtimeMs: tree.mtimeMs.get(row),
      children: tree.children(row),
      creations: tree.creations.get(row),
    };
  }
}
