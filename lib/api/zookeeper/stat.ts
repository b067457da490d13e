import type { NodeStat } from '../../state/index.js';
import { NO_SESSION, writeStatOf, type JuteWriter, type WireStat } from '../../wire/zookeeper/index.js';

export function wireStat(stat: NodeStat): WireStat {
  return { ...stat, ephemeralOwner: stat.ephemeralOwner ?? NO_SESSION };
}

export function writeNodeStat(w: JuteWriter, stat: NodeStat): void {
  writeStatOf(w, stat, stat.ephemeralOwner ?? NO_SESSION);
}
