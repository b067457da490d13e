/** Tasks that wait for their start, in order, and those whose start was asked for and not answered. */
export class StartQueue<T> {
  /** Most starts asked for at once. */
  private readonly limit: number;
  private readonly waiting: Set<T> = new Set<T>();
  private readonly unanswered: Set<T> = new Set<T>();

  constructor(limit: number) {
    this.limit = limit;
  }

  add(task: T): void {
    this.waiting.add(task);
  }

  /** Whether the task waits and no start was asked for. */
  has(task: T): boolean {
    return this.waiting.has(task);
  }

  /** Takes the first that waits; undefined when none does, or too many starts are unanswered. */
  next(): T | undefined {
    if (this.unanswered.size >= this.limit) return undefined;
    for (const task of this.waiting) {
      this.waiting.delete(task);
      return task;
    }
    return undefined;
  }

  asked(task: T): void {
    this.waiting.delete(task);
    this.unanswered.add(task);
  }

  /** The start was answered, or is no longer wanted. */
  remove(task: T): void {
    this.waiting.delete(task);
    this.unanswered.delete(task);
  }

  clear(): void {
    this.waiting.clear();
    this.unanswered.clear();
  }
}
