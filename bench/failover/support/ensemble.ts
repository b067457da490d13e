import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Group, GroupClient, Member } from '../group.js';
import { memberPorts } from './ports.js';
import { Processes } from './processes.js';

/** Where one server lives, and the ports that are its own. */
export interface Seat extends Member {
  readonly number: number;
  readonly folder: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly electionPort: number;
}

const SERVERS = 3;

/** Three servers of somebody else's product, each a process in a folder of its own below one temporary folder. */
export abstract class Ensemble implements Group {
  abstract readonly name: string;
  protected seats: readonly Seat[] = [];
  private dir: string | null = null;
  private readonly processes = new Processes();

  abstract client(address: string, number: number): GroupClient;
  /** Writes what the server needs to find in its folder, and says how to run it. */
  protected abstract command(seat: Seat): { readonly command: string; readonly args: readonly string[] };
  protected abstract look(): Promise<Member | null>;

  get members(): readonly Member[] {
    return this.seats;
  }

  async start(): Promise<void> {
    this.dir = mkdtempSync(path.join(tmpdir(), `tepui-bench-${this.name}-`));
    const ports = await memberPorts(SERVERS * 3);
    this.seats = Array.from({ length: SERVERS }, (_, i) => seat(this.dir!, i + 1, ports.slice(i * 3)));
    for (const { folder } of this.seats) mkdirSync(path.join(folder, 'data'), { recursive: true });
    for (const one of this.seats) {
      const output = path.join(one.folder, 'output.log');
      await this.processes.start({ id: one.id, output, ...this.command(one) });
    }
  }

  async stop(): Promise<void> {
    await this.processes.end();
    if (this.dir !== null) rmSync(this.dir, { recursive: true, force: true });
  }

  leader(): Promise<Member | null> {
    this.processes.check();
    return this.look();
  }

  pid(id: string): number {
    return this.processes.pid(id);
  }

  kill(id: string): void {
    this.processes.kill(id);
  }

  restart(id: string): Promise<void> {
    return this.processes.restart(id);
  }

  pause(id: string): void {
    this.processes.pause(id);
  }

  resume(id: string): void {
    this.processes.resume(id);
  }
}

function seat(dir: string, number: number, ports: readonly number[]): Seat {
  const [clientPort, peerPort, electionPort] = ports;
  return {
    id: `m${number}`,
    number,
    folder: path.join(dir, `m${number}`),
    address: `127.0.0.1:${clientPort}`,
    clientPort: clientPort!,
    peerPort: peerPort!,
    electionPort: electionPort!,
  };
}
