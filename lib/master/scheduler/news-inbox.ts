import { BoundedQueue } from '../../base/index.js';
import type { Replica } from '../../replica/types.js';

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
  private readonly replica: Replica;
  private waiting = false;

  constructor(limit: number, replica: Replica) {
    this.queue = new BoundedQueue(limit);
    this.replica = replica;
  }

  /** `revision` 0: after what came before, and nothing else. False when too much waits: the news is dropped. */
  add(revision: number, deliver: () => void): boolean {
    const added = this.queue.push({ revision, deliver });
    this.deliver();
    return added;
  }

  clear(): void {
    this.queue.clear();
  }

  private deliver(): void {
    while (!this.waiting) {
      const news = this.queue.peek();
      if (news === undefined) return;
      if (news.revision > this.replica.machine.revision) return this.wait(news);
      this.queue.shift();
      news.deliver();
    }
  }

  private wait(news: News): void {
    this.waiting = true;
    this.replica.waitRevision(news.revision, (reached) => {
      this.waiting = false;
      // Not reached: this member is cut off. What it was told is old news by now.
      if (!reached && this.queue.peek() === news) this.queue.shift();
      this.deliver();
    });
  }
}
