import { OP, type Request } from '../../wire/zookeeper/index.js';

/** Paths that are watched for good: connections come and go, and each new one is told of them (setWatches2). */
export class Watched {
  private readonly paths: Set<string> = new Set();
  private readonly trees: Set<string> = new Set();

  add(path: string, recursive: boolean): void {
    (recursive ? this.trees : this.paths).add(path);
  }

  /** What tells a new connection; null while nothing is watched. Of what happened in between the server says nothing. */
  request(relativeZxid: number): Request | null {
    if (this.paths.size + this.trees.size === 0) return null;
    const oneShot = { data: [], exists: [], children: [] };
    const persistent = Array.from(this.paths);
    const persistentRecursive = Array.from(this.trees);
    return { op: OP.setWatches2, relativeZxid, ...oneShot, persistent, persistentRecursive };
  }
}
