export { GrpcDoor, type GrpcDoorOptions } from './grpc/door.js';
export { HttpDoor, type HttpDoorOptions } from './http/index.js';
export { ZooKeeperDoor, type ZooKeeperDoorOptions } from './zookeeper/door.js';
export { DEFAULT_WORDS, WORDS, type Word } from './zookeeper/words/index.js';
