import { TepuiError, memberOf, type MemberId } from '../../base/index.js';
import type { Outcome, Replica, ReplicaStatus } from '../../replica/index.js';
import { encodeCommand, type AlarmView, type Machine, type PlainCommand } from '../../state/index.js';
import type {
  Alarm,
  Handlers,
  Interruptions,
  MemberStatus,
  OperatorEvent,
  OperatorMethods,
  ReadConsistency,
  StatusReply,
} from '../../wire/index.js';
import { answerOf } from '../../coordination/index.js';
import type { Change, ChangeRecord } from '../events.js';
import { EventStream } from './event-stream.js';
import { encodeTasks } from './listing.js';
import { changeMembers } from './members.js';
import { describeRestored, restoreStep } from './restore.js';
import { sendSnapshot, type Backups } from './snapshot.js';
import { summarizeAgent, summarizeFramework, summarizeTask, type MemberBoots } from '../summaries.js';

const HEARTBEAT_MS = 5000;
/** Longer than agents let a task linger; what is meant by it is "never". */
const LONGEST_GRACE_MS = 24 * 3_600_000;

export interface OperatorDoor {
  readonly replica: Replica;
  readonly changes: ChangeRecord;
  readonly backups: Backups;
  /** What an operator should look at here, besides what the group says. */
  readonly warnings: () => readonly string[];
  /** Calls back every `ms` until the result is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

/** The Operator service of this member on its gRPC door. */
export function operatorHandlers(door: OperatorDoor): Handlers<OperatorMethods> {
  const { replica, changes, backups, every } = door;
  const source = {
    changes,
    revision: () => replica.machine.revision,
    describe: (what: Change) => describeChange(replica, what),
    everyHeartbeat: (callback: () => void) => every(HEARTBEAT_MS, callback),
  };
  return {
    status: async () => describeStatus(replica.status(), replica.machine, door.warnings()),
    listAgents: async ({ consistency }) =>
      list(replica, consistency, (machine) => {
        const present = machine.agents.list().filter(({ status }) => status.kind !== 'removed');
        const boots = bootsOf(replica.status());
        return present.map((agent) => summarizeAgent(machine, agent, boots));
      }),
    listFrameworks: async ({ consistency }) =>
      list(replica, consistency, (machine) =>
        machine.frameworks.list().map((framework) => summarizeFramework(machine, framework)),
      ),
    listTasks: async ({ consistency, ...wanted }) => {
      await confirm(replica, consistency);
      return encodeTasks(() => replica.machine, wanted);
    },
    killTask: async ({ frameworkId, taskId, graceMs }) => {
      if (graceMs > LONGEST_GRACE_MS) {
        throw new TepuiError(
          'INVALID_ARGUMENT',
          `a grace of ${graceMs} ms; at most ${LONGEST_GRACE_MS} are given`,
        );
      }
      return change(replica, {
        kind: 'task-kill',
        frameworkId,
        taskId,
        graceMs: graceMs === 0 ? -1 : graceMs,
      });
    },
    teardownFramework: async ({ frameworkId }) => {
      return change(replica, { kind: 'framework-teardown', frameworkId, cause: 'asked', subscription: 0 });
    },
    transferLeadership: ({ to }) => transfer(replica, to),
    restore: (request) => restoreStep(replica, request),
    changeMembers: (request) => changeMembers(replica, request),
    events: ({ afterIndex }, stream) => new EventStream(source, stream, afterIndex).start(),
    saveSnapshot: (request, stream) => sendSnapshot(backups, request, stream),
  };
}

async function confirm(replica: Replica, consistency: ReadConsistency): Promise<void> {
  if (consistency === 'LOCAL') return;
  await new Promise<void>((resolve, reject) => {
    replica.read((refusal) => {
      if (refusal === null) resolve();
      else reject(new TepuiError(refusal.code, refusal.message));
    });
  });
}

async function list<T>(
  replica: Replica,
  consistency: ReadConsistency,
  items: (machine: Machine) => T[],
): Promise<{ index: number; items: T[] }> {
  await confirm(replica, consistency);
  const { machine } = replica;
  return { index: machine.revision, items: items(machine) };
}

function change(replica: Replica, command: PlainCommand): Promise<{ index: number }> {
  return new Promise((resolve, reject) => {
    replica.propose(encodeCommand(command), (outcome: Outcome) => {
      const answer = answerOf(outcome, (index) => ({ index }));
      if (answer.kind === 'done') resolve(answer.value);
      else reject(new TepuiError(answer.code, answer.message));
    });
  });
}

function transfer(replica: Replica, to: MemberId | null): Promise<{ leader: MemberId | null; term: number }> {
  return new Promise((resolve, reject) => {
    replica.transferLeadership(to, (error) => {
      const { leader, term } = replica.status();
      if (error === null) resolve({ leader, term });
      else reject(new TepuiError(error.code, error.message));
    });
  });
}

/** The present life of each member, as far as it is known here. */
function bootsOf({ members }: ReplicaStatus): MemberBoots {
  return new Map(members.flatMap(({ id, hello }) => (hello === null ? [] : [[id, hello.boot] as const])));
}

function describeStatus(
  status: ReplicaStatus,
  { alarm, restores }: Machine,
  warnings: readonly string[],
): StatusReply {
  const members = status.members.map(({ id, hello, voter, connected }): MemberStatus => {
    const own = id === status.self.memberId;
    return {
      id,
      pid: hello?.pid ?? 0,
      http: hello?.doors.http ?? null,
      grpc: hello?.doors.grpc ?? null,
      peer: hello?.doors.peer ?? null,
      zk: hello?.doors.zk ?? null,
      role: own ? status.role : roleOfOther(id, connected, voter, status),
      voter,
      lastIndex: own ? status.lastIndex : 0,
      commitIndex: own ? status.commitIndex : 0,
      appliedIndex: own ? status.appliedIndex : 0,
      healthy: own ? status.trouble === null : connected,
      release: hello?.release ?? '',
      boot: hello?.boot ?? 0,
      interruptions: own ? roundedMs(status.interruptions) : null,
    };
  });
  return {
    clusterId: status.clusterId as StatusReply['clusterId'],
    self: members.find(({ id }) => id === status.self.memberId) ?? null,
    members,
    leader: status.leader,
    term: status.term,
    revision: status.revision,
    trouble: status.trouble ?? '',
    alarms: alarm === null ? [] : [describeAlarm(alarm)],
    warnings,
    restored: restores.last === null ? null : describeRestored(restores.last),
  };
}

function roundedMs(interruptions: Interruptions): Interruptions {
  return { ...interruptions, longestLoopGapMs: Math.round(interruptions.longestLoopGapMs) };
}

function describeAlarm({ index, digests }: AlarmView): Alarm {
  const values = digests.map(({ node, digest }) => ({ member: memberOf(node), digest }));
  return { kind: 'diverged', index, values };
}

/** What this member takes another one for; each member answers for itself when it is asked. */
function roleOfOther(
  id: MemberId,
  connected: boolean,
  voter: boolean,
  { leader, members }: ReplicaStatus,
): MemberStatus['role'] {
  if (!connected) return 'unreachable';
  if (id === leader) return 'leader';
  // Before the group is formed nobody is a voter, and nobody a learner.
  if (!members.some((member) => member.voter)) return 'candidate';
  return voter ? 'follower' : 'learner';
}

function describeChange(replica: Replica, change: Change): OperatorEvent['event'] | null {
  const { machine } = replica;
  switch (change.kind) {
    case 'agent': {
      const agent = machine.agents.get(change.agentId);
      if (agent === null || agent.status.kind === 'removed')
        return { kind: 'agentRemoved', value: change.agentId };
      return { kind: 'agentChanged', ...summarizeAgent(machine, agent, bootsOf(replica.status())) };
    }
    case 'framework': {
      const framework = machine.frameworks.get(change.frameworkId);
      if (framework === null || framework.status.kind === 'completed') {
        return { kind: 'frameworkRemoved', value: change.frameworkId };
      }
      return { kind: 'frameworkChanged', ...summarizeFramework(machine, framework) };
    }
    case 'task': {
      const task = machine.tasks.get(change.frameworkId, change.taskId);
      return task === null ? null : { kind: 'taskChanged', ...summarizeTask(task) };
    }
  }
}
