import fs from 'node:fs';
import net from 'node:net';
import type { Logger } from '../../base/index.js';
import type { TaskRef } from '../types.js';
import type { Outcome } from './port.js';
import {
  MessageReader,
  PROTOCOL_VERSION,
  encodeMessage,
  type FromHolder,
  type ToHolder,
} from './protocol.js';
import type { TaskHolder } from './task-holder.js';

/** More unread answers than this: the agent hangs, and is told everything anew when it comes back. */
const UNREAD_LIMIT_BYTES = 64 << 20;

/** The holder's socket. One agent at a time: a newer connection replaces the older one. */
export class HolderServer {
  private readonly socketPath: string;
  private readonly logger: Logger;
  private readonly onShutDown: () => void;
  private readonly server: net.Server;
  private agent: net.Socket | undefined;
  private holder: TaskHolder | undefined;

  constructor(socketPath: string, logger: Logger, onShutDown: () => void) {
    this.socketPath = socketPath;
    this.logger = logger;
    this.onShutDown = onShutDown;
    this.server = net.createServer((socket) => this.accept(socket));
  }

  get hasAgent(): boolean {
    return this.agent !== undefined;
  }

  /** The caller holds the holder's lock, so a socket file that is there belongs to the dead. */
  listen(holder: TaskHolder): Promise<void> {
    this.holder = holder;
    fs.rmSync(this.socketPath, { force: true });
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.socketPath, () => {
        fs.chmodSync(this.socketPath, 0o600);
        resolve();
      });
    });
  }

  close(): void {
    this.server.close();
    this.agent?.destroy();
  }

  started(ref: TaskRef, pid: number): void {
    this.send({ op: 'started', ref, pid });
  }

  ended(ref: TaskRef, outcome: Outcome): void {
    this.send({ op: 'ended', ref, outcome });
  }

  private accept(socket: net.Socket): void {
    this.agent?.destroy();
    this.agent = socket;
    const reader = new MessageReader<ToHolder>();
    socket.on('data', (chunk) => {
      if (this.agent !== socket) return;
      try {
        reader.push(chunk, (message) => this.handle(message));
      } catch (error) {
        this.logger.error({ error: String(error) }, 'closing a connection that cannot be read');
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.logger.warn({ error: error.message }, 'connection of the agent'));
    socket.on('close', () => {
      if (this.agent === socket) this.agent = undefined;
    });
    const tasks = this.holder?.tasks() ?? [];
    this.send({ op: 'hello', version: PROTOCOL_VERSION, pid: process.pid, tasks });
  }

  private handle(message: ToHolder): void {
    const { holder } = this;
    if (holder === undefined) return;
    switch (message.op) {
      case 'run':
        holder.run(message.order);
        break;
      case 'kill':
        holder.kill(message.ref, message.graceMs);
        break;
      case 'forget':
        holder.forget(message.ref);
        break;
      case 'shut-down':
        this.onShutDown();
        break;
      default:
        this.logger.warn({ op: (message as { op: unknown }).op }, 'order of a newer agent ignored');
    }
  }

  private send(message: FromHolder): void {
    if (this.agent === undefined) return;
    this.agent.write(encodeMessage(message));
    if (this.agent.writableLength > UNREAD_LIMIT_BYTES) this.agent.destroy();
  }
}
