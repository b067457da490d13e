import { CutGroup } from '../../support/cut-group.js';

export const IDS = ['m1', 'm2', 'm3'];

/** Three masters with room for as many connections as there are clients here. */
export function startGroup(zookeeper: object = {}): Promise<CutGroup> {
  return CutGroup.start({ maxConnectionsPerAddress: 0, words: ['*'], ...zookeeper });
}

/** All doors, that of `first` before the others. */
export function doors(group: CutGroup, first: string): string {
  return [first, ...group.others(first)].map((id) => group.door(id)).join(',');
}

export async function restart(group: CutGroup, id: string): Promise<void> {
  group.run(id);
  await group.serving();
}
