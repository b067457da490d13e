import type { Socket } from 'node:net';
import { addressIdentity } from '../../coordination/index.js';

export interface AdmissionLimits {
  /** Connections in all; 0: no limit. */
  readonly connections: number;
  /** Connections from one address; 0: no limit. */
  readonly perAddress: number;
}

/** Sockets of a door, from the moment at which they are accepted: TLS and greeting are still to come. */
export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly sockets: Set<Socket> = new Set();
  private readonly byAddress: Map<string, number> = new Map();
  private refused = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  /** Those that were closed because there were too many. */
  get rejected(): number {
    return this.refused;
  }

  /** False when it is one too many; it is closed without a word then, as ZooKeeper does it. */
  admit(socket: Socket): boolean {
    const address = addressIdentity(socket.remoteAddress ?? '').id;
    const here = this.byAddress.get(address) ?? 0;
    const { connections, perAddress } = this.limits;
    const full = connections > 0 && this.sockets.size >= connections;
    if (full || (perAddress > 0 && here >= perAddress)) {
      this.refused++;
      socket.destroy();
      return false;
    }
    this.sockets.add(socket);
    this.byAddress.set(address, here + 1);
    socket.once('close', () => this.gone(socket, address));
    return true;
  }

  closeAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private gone(socket: Socket, address: string): void {
    this.sockets.delete(socket);
    const here = (this.byAddress.get(address) ?? 1) - 1;
    if (here === 0) this.byAddress.delete(address);
    else this.byAddress.set(address, here);
  }
}
