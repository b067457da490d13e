import { memberOf, type NodeId } from '../base/index.js';
import type { Message } from '../raft/index.js';
import type { Transport } from '../transport/types.js';
import { encodeMessages } from '../wire/raft-codec.js';

/** Sends consensus messages: those of one turn to one peer leave as one frame. */
export function sendMessages(transport: Transport, messages: readonly Message[]): void {
  const byPeer = new Map<NodeId, Message[]>();
  for (const message of messages) {
    const list = byPeer.get(message.to);
    if (list === undefined) byPeer.set(message.to, [message]);
    else list.push(message);
  }
  // A frame that cannot be queued is lost, as a network may: consensus repeats what matters.
  for (const [peer, list] of byPeer) transport.send(memberOf(peer), 'raft', encodeMessages(list));
}
