import type { AgentMessage, LinkEvents, MasterConnector, MasterLink } from '../../../lib/agent/link.js';
import type { Registration } from '../../../lib/agent/types.js';
import type { Connection, MasterDouble } from './master-double.js';

/** Links an agent to a `MasterDouble` in the same process; messages arrive in later turns, in order. */
export class MemoryConnector implements MasterConnector {
  readonly dialled: string[] = [];
  private readonly master: MasterDouble;

  constructor(master: MasterDouble) {
    this.master = master;
  }

  connect(address: string, registration: Registration, events: LinkEvents): MasterLink {
    this.dialled.push(address);
    let open = true;
    const later = (action: () => void): void => {
      setImmediate(() => {
        if (open) action();
      });
    };
    const connection: Connection = {
      address,
      registration,
      deliver: (message) => later(() => events.onMessage(message)),
      end: (reason) =>
        later(() => {
          open = false;
          events.onClosed(reason);
        }),
    };
    later(() => this.master.connected(connection));
    return {
      send: (message: AgentMessage) => later(() => this.master.sent(connection, message)),
      close: () => {
        open = false;
      },
    };
  }

  close(): void {}
}
