import { Agent } from '../../../lib/agent/agent.js';
import type { AgentOptions } from '../../../lib/agent/options.js';
import { thisPlatform } from '../../../lib/agent/platform/index.js';
import { SYSTEM } from '../../../lib/client/internal.js';
import { SeededRandom } from '../../../lib/base/index.js';
import { quiet } from '../quiet.js';
import { tempFolder } from '../temp-folder.js';
import { MasterDouble } from './master-double.js';
import { MemoryConnector } from './memory-link.js';
import { MemoryHolder } from './memory-holder.js';

/** An agent in this process, with masters and a holder that are the test's. */
export class AgentHarness {
  readonly master: MasterDouble = new MasterDouble();
  readonly holder: MemoryHolder = new MemoryHolder();
  readonly fatal: Error[] = [];
  agent: Agent;
  private readonly folder = tempFolder();
  private readonly random: SeededRandom;

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
    this.agent = this.make({});
  }

  /** A new agent process on the same folder, as far as that goes within one process. */
  async restart(changes: Partial<AgentOptions> = {}): Promise<void> {
    await this.agent.stop('leave-tasks');
    this.agent = this.make(changes);
    await this.agent.start();
  }

  /** Another agent on the same folder, not started. */
  twin(): Agent {
    return this.make({ holder: new MemoryHolder() });
  }

  async close(): Promise<void> {
    await this.agent.stop('leave-tasks');
    this.folder.remove();
  }

  private make(changes: Partial<AgentOptions>): Agent {
    return new Agent({
      folder: this.folder.path,
      hostname: 'test',
      resources: { cpus: 4, memMb: 4096, diskMb: 0 },
      attributes: { rack: 'r1' },
      masters: ['m1', 'm2'],
      connector: new MemoryConnector(this.master),
      holder: this.holder,
      platform: thisPlatform(),
      logger: quiet,
      clock: SYSTEM.clock,
      timers: SYSTEM.timers,
      random: this.random,
      onFatal: (error) => this.fatal.push(error),
      timing: {
        session: { registerTimeoutMs: 500, reconnect: { firstMs: 2, maxMs: 10, factor: 2 } },
        updateRetry: { firstMs: 10, maxMs: 40, factor: 2 },
        endGraceMs: 50,
        endTasksMs: 200,
        endReportMs: 200,
        endHolderMs: 100,
      },
      ...changes,
    });
  }
}
