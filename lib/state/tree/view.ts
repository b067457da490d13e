import type { NodeTable } from './nodes.js';
import type { NodeStat, NodeView, TreeView } from './types.js';

export class NodeTableView implements TreeView {
  private readonly nodes: NodeTable;

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  get size(): number {
    return this.nodes.table.records;
  }

  exists(path: string): NodeStat | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.nodes.stat(row);
  }

  get(path: string): NodeView | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : { stat: this.nodes.stat(row), data: this.nodes.data.get(row) };
  }

  children(path: string): string[] | null {
    const row = this.nodes.find(path);
    return row < 0 ? null : this.nodes.childNames(row);
  }
}
