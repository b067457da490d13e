import type { FrameworkId } from '../../base/index.js';
import type { FrameworkStream } from './framework-stream.js';

/** The streams of this member: by number, and by framework once subscribed. */
export class Streams {
  private readonly byNumber: Map<number, FrameworkStream> = new Map();
  private readonly byFramework: Map<FrameworkId, FrameworkStream> = new Map();

  get size(): number {
    return this.byNumber.size;
  }

  get(number: number): FrameworkStream | null {
    return this.byNumber.get(number) ?? null;
  }

  /** The stream that is subscribed for the framework. */
  of(frameworkId: FrameworkId): FrameworkStream | null {
    return this.byFramework.get(frameworkId) ?? null;
  }

  all(): FrameworkStream[] {
    return [...this.byNumber.values()];
  }

  frameworks(): IterableIterator<FrameworkId> {
    return this.byFramework.keys();
  }

  subscribed(): FrameworkStream[] {
    return [...this.byFramework.values()];
  }

  add(stream: FrameworkStream): void {
    this.byNumber.set(stream.number, stream);
  }

  bind(frameworkId: FrameworkId, stream: FrameworkStream): void {
    this.byFramework.set(frameworkId, stream);
  }

  /** Forgets a stream that serves its framework no more. */
  unbind(frameworkId: FrameworkId, stream: FrameworkStream): void {
    if (this.byFramework.get(frameworkId) === stream) this.byFramework.delete(frameworkId);
  }

  delete(stream: FrameworkStream): void {
    this.byNumber.delete(stream.number);
  }
}
