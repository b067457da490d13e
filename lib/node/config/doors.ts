import { OFF, type MasterConfig } from './schema.js';

/** Where the doors of a master open; null: there is none. */
export interface Listen {
  readonly grpc: string;
  readonly peer: string;
  readonly zookeeper: string | null;
  readonly http: string | null;
}

const DEFAULTS = {
  grpc: '127.0.0.1:5060',
  peer: '127.0.0.1:5070',
  zookeeper: '127.0.0.1:2181',
  http: '127.0.0.1:5050',
} as const;

export function listenOf({ listen }: Pick<MasterConfig, 'listen'>): Listen {
  return {
    grpc: listen.grpc ?? DEFAULTS.grpc,
    peer: listen.peer ?? DEFAULTS.peer,
    zookeeper: unlessOff(listen.zookeeper ?? DEFAULTS.zookeeper),
    http: unlessOff(listen.http ?? DEFAULTS.http),
  };
}

function unlessOff(address: string): string | null {
  return address === OFF ? null : address;
}
