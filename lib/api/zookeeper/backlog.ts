/** A connection, and the answers and events that its client has not taken. */
export interface Debtor {
  readonly unsentBytes: number;
  readonly drop: () => void;
}

/** What clients do not take is kept in memory: when it is more than `limit` in all, those that owe most are closed. */
export function dropSlowest(connections: readonly Debtor[], limit: number): void {
  let total = 0;
  for (const { unsentBytes } of connections) total += unsentBytes;
  if (total <= limit) return;
  for (const connection of connections.toSorted((a, b) => b.unsentBytes - a.unsentBytes)) {
    total -= connection.unsentBytes;
    connection.drop();
    if (total <= limit) return;
  }
}
