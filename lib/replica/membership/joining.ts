import { TepuiError, type ClusterId } from '../../base/index.js';
import { COMMAND_LEVEL } from '../../state/index.js';
import type { JoinReply, Transport } from '../../transport/types.js';

/** Asks members of a group, one after the other, to be let in. */
export class Joining {
  private readonly transport: Transport;
  private readonly token: string;
  /** Why nobody has let us in yet, for people. */
  refusal = 'no member of the group was asked yet';

  constructor(transport: Transport, token: string) {
    this.transport = transport;
    this.token = token;
  }

  /** The first answer that lets this member in; null: nobody did yet. Throws TOKEN_REFUSED. `expected`: the only group that will do. */
  async attempt(addresses: readonly string[], expected: ClusterId | null): Promise<JoinReply | null> {
    for (const address of addresses) {
      try {
        const reply = await this.transport.joinVia(address, this.token, COMMAND_LEVEL);
        if (expected === null || reply.clusterId === expected) return reply;
        this.refusal = `${address} is of group ${reply.clusterId}, not ${expected}`;
      } catch (error) {
        // Waiting does not make a token better.
        if (error instanceof TepuiError && error.code === 'TOKEN_REFUSED') throw error;
        this.refusal = error instanceof Error ? error.message : String(error);
      }
    }
    return null;
  }
}
