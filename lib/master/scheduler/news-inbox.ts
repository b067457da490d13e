import { BoundedQueue } from '../../base/index.js';

interface News {
  readonly revision: number;
  readonly deliver: () => void;
}

/**
 * Keeps the leader's news in order until this member has applied as much of the log as the leader had: an offer
 * then never speaks of an agent that is not known here.
 */
export class NewsInbox {
  private readonly queue: BoundedQueue<News>;
  private readonly revision: () => number;

  constructor(limit: number, revision: () => number) {
    this.queue = new BoundedQueue(limit);
    this.revision = revision;
  }

  /** False when too much waits already: the news is dropped. */
  add(revision: number, deliver: () => void): boolean {
    const added = this.queue.push({ revision, deliver });
    this.deliver();
    return added;
  }

  /** To be called when more was applied. */
  deliver(): void {
    for (let news = this.queue.peek(); news !== undefined; news = this.queue.peek()) {
      if (news.revision > this.revision()) return;
      this.queue.shift();
      news.deliver();
    }
  }

  clear(): void {
    this.queue.clear();
  }
}
