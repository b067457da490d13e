import { SeededRandom } from '../../lib/base/index.js';
import { MemoryNetwork, MemoryTransport } from '../../lib/transport/index.js';
import { transportContract } from '../contracts/transport.js';
import { VirtualTime } from '../support/virtual-time.js';

let time = new VirtualTime();
let network = new MemoryNetwork(time);
let members: MemoryTransport[] = [];
let nextPort = 1;

transportContract({
  name: 'in memory',
  begin() {
    time = new VirtualTime();
    network = new MemoryNetwork(time);
    members = [];
  },
  async open(handlers, wanted) {
    const address = wanted ?? `127.0.0.1:${nextPort++}`;
    const random = new SeededRandom(nextPort);
    const transport = new MemoryTransport({ network, address, handlers, clock: time, timers: time, random });
    await transport.start();
    members.push(transport);
    return { transport, address };
  },
  path: async (_from, to) => to.address,
  cut(from, to) {
    network.cut(from.address, to.address);
  },
  heal(from, to) {
    network.heal(from.address, to.address);
  },
  async crash({ transport }) {
    (transport as MemoryTransport).crash();
  },
  promptMs: 1,
  nowMs: () => time.monotonicMs(),
  until: (what, reached) => time.until(what, reached),
  async end() {
    for (const member of members) await member.stop();
  },
});
