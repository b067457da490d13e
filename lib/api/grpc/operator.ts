import { TepuiError, type MemberId } from '../../base/index.js';
import type { Outcome, Replica, ReplicaStatus } from '../../replica/index.js';
import { encodeCommand, type Machine, type PlainCommand } from '../../state/index.js';
import type {
  EventsRequest,
  Handlers,
  MemberStatus,
  OperatorEvent,
  OperatorMethods,
  ReadConsistency,
  ServerStream,
  StatusReply,
} from '../../wire/index.js';
import { answerOf } from '../../coordination/index.js';
import type { Change, ChangeRecord } from '../events.js';
import { listTasks, summarizeAgent, summarizeFramework, summarizeTask } from '../summaries.js';

const HEARTBEAT_MS = 5000;
/** A subscriber that leaves this many events unread is ended; it resumes from the last index it got. */
const UNREAD_EVENTS = 10_000;

export interface OperatorDoor {
  readonly replica: Replica;
  readonly changes: ChangeRecord;
  /** Calls back every `ms` until the result is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

/** The Operator service of this member on its gRPC door. */
export function operatorHandlers(door: OperatorDoor): Handlers<OperatorMethods> {
  const { replica } = door;
  return {
    status: async () => describeStatus(replica.status()),
    listAgents: async ({ consistency }) =>
      list(replica, consistency, (machine) => {
        const present = machine.agents.list().filter(({ status }) => status.kind !== 'removed');
        return present.map((agent) => summarizeAgent(machine, agent));
      }),
    listFrameworks: async ({ consistency }) =>
      list(replica, consistency, (machine) =>
        machine.frameworks.list().map((framework) => summarizeFramework(machine, framework)),
      ),
    listTasks: async ({ consistency, ...wanted }) =>
      list(replica, consistency, (machine) => listTasks(machine, wanted).map(summarizeTask)),
    killTask: async ({ frameworkId, taskId, graceMs }) => {
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
    events: (request, stream) => followEvents(door, request, stream),
  };
}

async function list<T>(
  replica: Replica,
  consistency: ReadConsistency,
  items: (machine: Machine) => T[],
): Promise<{ index: number; items: T[] }> {
  if (consistency === 'LINEARIZABLE') {
    await new Promise<void>((resolve, reject) => {
      replica.read((refusal) => {
        if (refusal === null) resolve();
        else reject(new TepuiError(refusal.code, refusal.message));
      });
    });
  }
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

function describeStatus(status: ReplicaStatus): StatusReply {
  const members = status.members.map(({ id, hello, voter, connected }): MemberStatus => {
    const own = id === status.self.memberId;
    return {
      id,
      pid: hello?.pid ?? 0,
      http: hello?.doors.http ?? null,
      grpc: hello?.doors.grpc ?? null,
      peer: hello?.doors.peer ?? null,
      zk: hello?.doors.zk ?? null,
      role: own ? status.role : roleOfOther(id, connected, status),
      voter,
      lastIndex: own ? status.lastIndex : 0,
      commitIndex: own ? status.commitIndex : 0,
      appliedIndex: own ? status.appliedIndex : 0,
      healthy: own ? status.trouble === null : connected,
      release: hello?.release ?? '',
      boot: hello?.boot ?? 0,
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
  };
}

/** What this member takes another one for; each member answers for itself when it is asked. */
function roleOfOther(id: MemberId, connected: boolean, status: ReplicaStatus): MemberStatus['role'] {
  if (!connected) return 'unreachable';
  return id === status.leader ? 'leader' : 'follower';
}

function followEvents(
  { replica, changes, every }: OperatorDoor,
  { afterIndex }: EventsRequest,
  stream: ServerStream<never, OperatorEvent>,
): void {
  const write = (event: OperatorEvent) => {
    stream.write(event);
    if (stream.queued <= UNREAD_EVENTS) return;
    stream.fail(
      new TepuiError('OVERLOADED', `${stream.queued} events were left unread: resume from the last one`),
    );
  };
  const heartbeat = () =>
    write({ index: replica.machine.revision, event: { kind: 'heartbeat', value: true } });
  const unfollow = changes.follow(afterIndex, {
    changed: ({ index, change: what }) => {
      const event = describeChange(replica.machine, what);
      if (event !== null) write({ index, event });
    },
    lost: () =>
      stream.fail(new TepuiError('OUT_OF_RANGE', 'this member received the state anew: list and resume')),
  });
  const stop = every(HEARTBEAT_MS, heartbeat);
  stream.listen({
    message: () => undefined,
    closed: () => {
      unfollow();
      stop();
    },
  });
  heartbeat();
}

function describeChange(machine: Machine, change: Change): OperatorEvent['event'] | null {
  switch (change.kind) {
    case 'agent': {
      const agent = machine.agents.get(change.agentId);
      if (agent === null || agent.status.kind === 'removed')
        return { kind: 'agentRemoved', value: change.agentId };
      return { kind: 'agentChanged', ...summarizeAgent(machine, agent) };
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
