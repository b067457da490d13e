import { commandNeed, proposalFault, type ClusterView, type Refusal } from '../state/index.js';
import type { NodeId } from '../base/index.js';

export interface CommandLevelsHost {
  readonly cluster: () => ClusterView;
  /** Whose knowledge counts. */
  readonly nodes: () => Iterable<NodeId>;
}

/**
 * Whether every member knows a command that is about to be proposed. Members change in turns of the loop, and thousands
 * of commands come between two of them: what was found for one holds for the others.
 */
export class CommandLevels {
  private readonly host: CommandLevelsHost;
  /** Everybody knows commands up to here, as was found since the last turn. */
  private known = 0;

  constructor(host: CommandLevelsHost) {
    this.host = host;
  }

  /** A turn of the loop: members may be others, or know more. */
  turn(): void {
    this.known = 0;
  }

  /** Null: all of them could apply it. */
  fault(command: Uint8Array): Refusal | null {
    const { level } = commandNeed(command);
    if (level <= this.known) return null;
    const fault = proposalFault(this.host.cluster(), this.host.nodes, command);
    if (fault === null) this.known = level;
    return fault;
  }
}
