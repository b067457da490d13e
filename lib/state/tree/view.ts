import type { NodeTable } from './nodes.js';
import type { AclEntry, NameVisitor, NodeStat, NodeView, TreeView } from './types.js';

export class NodeTableView implements TreeView {
  private readonly nodes: NodeTable;

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  get size(): number {
    return this.nodes.table.records;
  }

  get contentBytes(): number {
    return this.nodes.contentBytes;
  }

  exists(path: string): NodeStat | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.nodes.stat(row);
  }

  get(path: string): NodeView | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.node(row, this.nodes.data.get(row));
  }

  peek(path: string): NodeView | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.node(row, this.nodes.data.view(row));
  }

  descendants(path: string): number {
    if (path === '/') return this.size - 1;
    const row = this.nodes.find(path);
    if (row < 0) return 0;
    let count = -1;
    this.nodes.forEachBelow(row, () => count++);
    return count;
  }

  acl(path: string): readonly AclEntry[] | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.nodes.aclOf(row);
  }

  children(path: string): string[] | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.nodes.childNames(row);
  }

  forEachChild(path: string, visit: NameVisitor): void {
    const row = this.nodes.find(path);
    if (row >= 0) this.nodes.forEachChildName(row, visit);
  }

  private node(row: number, data: Uint8Array): NodeView {
    const { nodes } = this;
    return { stat: nodes.stat(row), data, dataIsNull: nodes.dataIsNull(row), acl: nodes.aclOf(row) };
  }
}
