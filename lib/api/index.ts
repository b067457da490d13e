export { GrpcDoor, type GrpcDoorOptions } from './grpc/door.js';
