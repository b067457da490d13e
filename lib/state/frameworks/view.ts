import type { FrameworkId } from '../../base/index.js';
import type { State } from '../state.js';
import type { FrameworksView, FrameworkView, RoleShare } from './types.js';

export class FrameworkStateView implements FrameworksView {
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  get size(): number {
    return this.state.frameworks.table.records;
  }

  get(frameworkId: FrameworkId): FrameworkView | null {
    return this.state.frameworks.get(frameworkId);
  }

  list(): FrameworkView[] {
    return this.state.frameworks.list();
  }

  allocated(frameworkId: FrameworkId): RoleShare[] {
    const shares = this.state.tasks.lists.allocatedTo(frameworkId);
    return [...shares]
      .map(([role, allocated]) => ({ role, allocated }))
      .sort((a, b) => (a.role < b.role ? -1 : 1));
  }
}
