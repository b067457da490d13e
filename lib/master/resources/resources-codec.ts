import type { ByteReader, ByteWriter } from '../../base/index.js';
import type { NamedAmount, Resources } from '../../state/index.js';

/** Resources between members. */
export function writeResources(w: ByteWriter, resources: Resources): void {
  w.uint(resources.cpuMilli)
    .uint(resources.memoryBytes)
    .uint(resources.diskBytes)
    .uint(resources.others.length);
  for (const { name, milli } of resources.others) w.text(name).uint(milli);
}

/** Throws `MalformedError`. */
export function readResources(r: ByteReader): Resources {
  const cpuMilli = r.uint();
  const memoryBytes = r.uint();
  const diskBytes = r.uint();
  const others: NamedAmount[] = [];
  for (let left = r.uint(); left > 0; left--) others.push({ name: r.text(), milli: r.uint() });
  return { cpuMilli, memoryBytes, diskBytes, others };
}
