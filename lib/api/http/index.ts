export { HttpDoor, type HttpDoorOptions } from './door.js';
