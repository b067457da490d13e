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
} as const;

export function listenOf({ listen }: Pick<MasterConfig, 'listen'>): Listen {
  const zookeeper = listen.zookeeper ?? DEFAULTS.zookeeper;
  return {
    grpc: listen.grpc ?? DEFAULTS.grpc,
    peer: listen.peer ?? DEFAULTS.peer,
    zookeeper: zookeeper === OFF ? null : zookeeper,
    http: listen.http ?? null,
  };
}
