export type { WireAcl, WireStat } from '../../wire/zookeeper/index.js';
export { aclText, OPEN_ACL, parseAcl, permissionLetters } from './acl.js';
export {
  ANY_VERSION,
  ZooKeeper,
  type NewNode,
  type NodeKind,
  type ZooKeeperEvent,
  type ZooKeeperListener,
  type ZooKeeperOptions,
} from './client.js';
export type { Credentials, SessionPorts } from './session.js';
export { socketWires, type ConnectWire } from './wire.js';
