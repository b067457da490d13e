import type { NodeOptions } from './options.js';

/** Parts of a run that can be left out, to see whether it fails without them. */
export const PARTS = [
  'crashes',
  'crash-points',
  'cuts',
  'pauses',
  'stalls',
  'transfers',
  'clocks',
  'disk-errors',
  'damage',
  'losses',
  'leases',
  'tasks',
  'sessions',
  'operator',
  'partial-heal',
] as const;

export type Part = (typeof PARTS)[number];

/** A run with less in it than its seed has drawn. */
export interface Reduction {
  readonly without: readonly Part[];
  /** How long faults strike, in virtual seconds. */
  readonly faultSeconds?: number;
  readonly clients?: number;
}

export function reduced(options: NodeOptions, { without, clients }: Reduction): NodeOptions {
  const off = (part: Part): boolean => without.includes(part);
  const { faults, wires, cluster } = options;
  const kept = (part: Part, value: number): number => (off(part) ? 0 : value);
  return {
    ...options,
    leaseMs: kept('leases', options.leaseMs),
    wires: off('losses') ? { ...wires, loss: 0, breaks: 0 } : wires,
    clients: { ...options.clients, count: Math.min(clients ?? Infinity, options.clients.count) },
    cluster: off('tasks') ? { ...cluster, agents: 0, frameworks: 0 } : cluster,
    sessions: { ...options.sessions, clients: kept('sessions', options.sessions.clients) },
    operator: off('operator') ? { ...options.operator, changeMs: 0, spares: 0 } : options.operator,
    heal: off('partial-heal') ? 'everything' : options.heal,
    faults: {
      ...faults,
      crashMs: kept('crashes', faults.crashMs),
      crashPointEffects: kept('crash-points', faults.crashPointEffects),
      cutMs: kept('cuts', faults.cutMs),
      pauseMs: kept('pauses', faults.pauseMs),
      stallMs: kept('stalls', faults.stallMs),
      transferMs: kept('transfers', faults.transferMs),
      clockMs: kept('clocks', faults.clockMs),
      errorMs: kept('disk-errors', faults.errorMs),
      damageChance: kept('damage', faults.damageChance),
    },
  };
}

/** The flags with which a reduction is run again. */
export function flagsOf({ without, faultSeconds, clients }: Reduction): string {
  const flags = [
    ...(without.length > 0 ? [`--without ${without.join(' ')}`] : []),
    ...(faultSeconds === undefined ? [] : [`--fault-seconds ${faultSeconds}`]),
    ...(clients === undefined ? [] : [`--clients ${clients}`]),
  ];
  return flags.join(' ');
}
