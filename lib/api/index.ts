export { GrpcDoor, type GrpcDoorOptions } from './grpc/door.js';
export { ZooKeeperDoor, type ZooKeeperDoorOptions } from './zookeeper/door.js';
