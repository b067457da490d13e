import type { MemberId } from '../../../base/index.js';
import { serverNumber, type MemberView } from '../../../state/index.js';
import type { WordSource } from '../../zookeeper/words/index.js';
import type { Answer } from './commands.js';
import type { Json } from './jackson.js';

export function isLeader({ replica }: WordSource): Answer {
  const { leader } = replica.status();
  if (leader === null) return { is_leader: false, leader_id: null, leader_ip: null };
  return {
    is_leader: leader === replica.memberId,
    leader_id: serverNumber(leader),
    leader_ip: hostOf(addressOf(replica, leader)),
  };
}

/** Members without a vote that this one reaches, where it leads. */
export function observers({ replica }: WordSource): Answer {
  const { leader, members, group } = replica.status();
  const learners = leader === replica.memberId ? (group?.learners ?? []) : [];
  const list = members.filter(({ id, connected }) => connected && learners.includes(id));
  return {
    synced_observers: list.length,
    observers: list.map(({ id }) => ({
      remote_socket_address: addressOf(replica, id),
      sid: serverNumber(id),
    })),
  };
}

/** Who votes, by the configuration in force. */
export function votingView({ replica }: WordSource): Answer {
  const voters = [...(replica.status().group?.voters ?? [])];
  voters.sort((a, b) => serverNumber(a) - serverNumber(b));
  const servers = voters.map((id): [string, Json] => {
    const peer = addressOf(replica, id);
    const view = recordOf(replica, id);
    return [
      `${serverNumber(id)}`,
      {
        server_addresses: [peer],
        election_addresses: [peer],
        client_address: view?.doors.zookeeper ?? '',
        learner_type: 'participant',
      },
    ];
  });
  return { current_config: Object.fromEntries(servers) };
}

/** The term stands for the epoch, and counts nothing of the zxid. One port serves for replication and elections. */
export function zabState({ replica }: WordSource): Answer {
  const { leader, term, voter, revision, self } = replica.status();
  const peer = self.doors.peer ?? '';
  return {
    myid: serverNumber(replica.memberId),
    is_leader: leader === replica.memberId,
    quorum_address: addresses(peer),
    election_address: addresses(peer),
    client_address: self.doors.zk ?? '',
    voting: voter,
    last_zxid: `0x${revision.toString(16)}`,
    zab_epoch: term,
    zab_counter: revision,
    zabstate: leader === null ? 'election' : 'broadcast',
  };
}

function addresses(peer: string): Answer {
  const all = peer === '' ? [] : [peer];
  return {
    empty: all.length === 0,
    all_addresses: all,
    one: peer,
    all_ports: all.map((address) => Number(address.replace(/^.*:/, ''))),
    all_host_strings: all.map(hostOf),
  };
}

type Replica = WordSource['replica'];

function recordOf({ machine }: Replica, id: MemberId): MemberView | undefined {
  const records = machine.cluster.members().filter(({ member }) => member === id);
  return records.reduce<MemberView | undefined>(
    (last, one) => (last === undefined || one.revision > last.revision ? one : last),
    undefined,
  );
}

function addressOf(replica: Replica, id: MemberId): string {
  const told = replica.status().members.find((member) => member.id === id)?.hello?.doors.peer;
  return told ?? recordOf(replica, id)?.doors.peer ?? '';
}

function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':'))).replace(/^\[|\]$/g, '');
}
