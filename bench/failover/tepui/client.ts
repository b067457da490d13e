import { Tree } from '../../../lib/client/index.js';
import { VALUE_BYTES, type GroupClient } from '../group.js';

/** The SDK as it is, given one address: a write without an answer is repeated by it and happens once. */
export class TepuiClient implements GroupClient {
  private readonly tree: Tree;
  private readonly path: string;
  private readonly data = new Uint8Array(VALUE_BYTES);

  constructor(address: string, number: number) {
    this.tree = new Tree({ addresses: [address], callTimeoutMs: 60_000 });
    this.path = `/failover/c${number}`;
  }

  async open(): Promise<void> {
    await this.tree.create('/failover').catch(() => undefined);
    await this.tree.create(this.path);
  }

  async write(): Promise<number> {
    const { term } = await this.tree.set(this.path, this.data);
    return term;
  }

  close(): void {
    void this.tree.close();
  }
}
