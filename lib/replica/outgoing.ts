import { ByteWriter, memberOf, type NodeId } from '../base/index.js';
import type { Message } from '../raft/index.js';
import type { Transport } from '../transport/types.js';
import { encodeMessages } from '../wire/raft-codec.js';

/** Sends consensus messages: those of one turn to one peer leave as one frame. */
export class Outgoing {
  private readonly transport: Transport;
  private readonly writer = new ByteWriter(64 << 10);
  private readonly byPeer = new Map<NodeId, Message[]>();

  constructor(transport: Transport) {
    this.transport = transport;
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) {
      const list = this.byPeer.get(message.to);
      if (list === undefined) this.byPeer.set(message.to, [message]);
      else list.push(message);
    }
    for (const [peer, list] of this.byPeer) {
      if (list.length === 0) continue;
      this.writer.reset();
      // A frame that cannot be queued is lost, as a network may: consensus repeats what matters.
      this.transport.send(memberOf(peer), 'raft', encodeMessages(this.writer, list));
      list.length = 0;
    }
  }

  /** The turn has nothing more to say: what it said leaves before the loop looks for more that arrived. */
  flush(): void {
    this.transport.flush();
  }
}
