import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { LEVEL_ENTRIES, type GroupClient, type Member } from '../group.js';
import { Ensemble, type Seat } from '../support/ensemble.js';
import { ZooKeeperClient } from './client.js';
import { fourLetterWord } from './four-letter-word.js';
import { counterOf, epochOf } from './zxid.js';

export const JAR = '/usr/share/java/zookeeper.jar';

export interface ZooKeeperOptions {
  /** For the virtual machine. */
  readonly java: readonly string[];
  /** Beyond those of zoo.cfg. */
  readonly settings: Readonly<Record<string, string | number>>;
}

interface View {
  readonly seat: Seat;
  readonly mode: string;
  readonly zxid: number;
}

/** ZooKeeper with the times of Debian's zoo.cfg and every transaction synced (forceSync, the default). */
export class ZooKeeperGroup extends Ensemble {
  readonly name = 'zookeeper';
  private readonly options: ZooKeeperOptions;

  constructor(options: ZooKeeperOptions = { java: [], settings: {} }) {
    super();
    this.options = options;
  }

  client(address: string, number: number): GroupClient {
    return new ZooKeeperClient(address, number);
  }

  protected command({ folder, number, clientPort }: Seat) {
    const config = path.join(folder, 'zoo.cfg');
    const dataDir = path.join(folder, 'data');
    writeFileSync(path.join(dataDir, 'myid'), `${number}\n`);
    const settings = {
      tickTime: 2000,
      initLimit: 10,
      syncLimit: 5,
      dataDir,
      clientPort,
      clientPortAddress: '127.0.0.1',
      // Three on one host would want the same port for it.
      'admin.enableServer': false,
      '4lw.commands.whitelist': 'srvr',
      ...Object.fromEntries(
        this.seats.map((seat) => [
          `server.${seat.number}`,
          `127.0.0.1:${seat.peerPort}:${seat.electionPort}`,
        ]),
      ),
      ...this.options.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(config, lines.join(''));
    return {
      command: 'java',
      args: [...this.options.java, '-cp', JAR, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config],
    };
  }

  protected async look(): Promise<Member | null> {
    const views = await Promise.all(this.seats.map(view));
    const leaders = views.filter((one) => one?.mode === 'leader');
    const followers = views.filter((one) => one?.mode === 'follower');
    const leader = leaders[0];
    if (!leader || leaders.length !== 1 || followers.length !== this.seats.length - 1) return null;
    return followers.every((one) => isLevel(one!, leader)) ? leader.seat : null;
  }
}

/** A server says "follower" once it holds all of the leader's history; only what was written since can be missing. */
function isLevel(one: View, leader: View): boolean {
  const sinceElection = counterOf(leader.zxid);
  const behind = leader.zxid - one.zxid;
  return sinceElection === 0 || (epochOf(one.zxid) === epochOf(leader.zxid) && behind < LEVEL_ENTRIES);
}

async function view(seat: Seat): Promise<View | null> {
  const text = await fourLetterWord(seat.address, 'srvr');
  const mode = /^Mode: (\w+)$/m.exec(text ?? '')?.[1];
  const zxid = /^Zxid: (0x[0-9a-f]+)$/m.exec(text ?? '')?.[1];
  return mode === undefined || zxid === undefined ? null : { seat, mode, zxid: Number(zxid) };
}
