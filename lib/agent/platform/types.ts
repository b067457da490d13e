/**
 * A process as more than a number: the pid alone may have been given to another one. `startTime` is opaque, and
 * the same for one process as long as it lives.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** How the processes of one task are recognised, also after its first process has gone. */
export interface TaskMark {
  /** The first process of the task: leader of a session and of a process group. */
  readonly leader?: { readonly pid: number; readonly startTime: string };
  /**
   * True while nobody else can have got the leader's pid: its parent has not collected it, or has this very
   * moment. Else the leader must still be there with the right start time for its group to be believed.
   */
  readonly leaderIsOurs: boolean;
  /** `NAME=value` of a variable that every process of the task was started with, and no other process. */
  readonly variable: string;
}

/** All knowledge of /proc, cgroups and their likes. */
export interface Platform {
  /** Changes when the machine restarts. */
  readonly bootId: string;
  /** Start time of a live process; undefined when there is none, or only its remains (a zombie). */
  startTime(pid: number): string | undefined;
  /** Pids of live processes that surely belong to one of the tasks. */
  membersOf(tasks: readonly TaskMark[]): number[];
  /** Ids of a user by name or number, undefined when there is no such user. */
  userIds(user: string): { readonly uid: number; readonly gid: number; readonly home: string } | undefined;
}

export function identityOf(platform: Platform, pid: number): ProcessIdentity | undefined {
  const startTime = platform.startTime(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: platform.bootId };
}

export function isAlive(platform: Platform, identity: ProcessIdentity): boolean {
  return identity.bootId === platform.bootId && platform.startTime(identity.pid) === identity.startTime;
}
