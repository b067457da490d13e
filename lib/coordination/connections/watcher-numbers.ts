/** Small numbers for connections: those of closed ones are used again, so that they stay small. */
export class WatcherNumbers {
  private readonly free: number[] = [];
  private next = 0;

  take(): number {
    return this.free.pop() ?? this.next++;
  }

  release(number: number): void {
    this.free.push(number);
  }
}
