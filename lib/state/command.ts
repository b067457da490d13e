import type { AgentCommand } from './agents/types.js';
import type { ClusterCommand } from './cluster/types.js';
import type { CoordinationCommand } from './zookeeper/types.js';
import type { FrameworkCommand } from './frameworks/types.js';
import type { MembershipCommand } from './membership/types.js';
import type { OperationCommand } from './operations/types.js';
import type { RestoreCommand } from './restores/types.js';
import type { RoleCommand } from './roles/types.js';
import type { InSession, SessionCommand } from './sessions/types.js';
import type { TaskCommand } from './tasks/types.js';
import type { TreeCommand } from './tree/types.js';

/** A command as it changes the machine. */
export type PlainCommand =
  | AgentCommand
  | ClusterCommand
  | CoordinationCommand
  | FrameworkCommand
  | MembershipCommand
  | OperationCommand
  | RestoreCommand
  | RoleCommand
  | SessionCommand
  | TaskCommand
  | TreeCommand;

/** A command as it is proposed: plain, or at most once within a client session. */
export type Command = PlainCommand | InSession<PlainCommand>;

export type CommandKind = Command['kind'];
