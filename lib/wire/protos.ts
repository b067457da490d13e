import { fileURLToPath } from 'node:url';
import {
  loadSync,
  type MessageTypeDefinition,
  type Options,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import { must } from '../base/index.js';

/** The folder of schemas: at the package's root, in a checkout and in an installed package alike. */
const PROTOS = fileURLToPath(new URL('../../../protos/', import.meta.url));

/**
 * The two ways to read a schema. `numbers` is for our own messages: their 64-bit fields are counters below
 * 2^53, checked by the codecs. `mesos` is for everything that carries Mesos messages, whose nanosecond times
 * do not fit a number: they arrive as decimal strings. Neither fills in defaults: presence survives, which
 * proto2 needs, and the codecs of our own messages fill in what proto3 means.
 */
export type Loader = 'numbers' | 'mesos';

const OPTIONS: Readonly<Record<Loader, Options>> = {
  numbers: { longs: Number, enums: String, oneofs: true, keepCase: true, includeDirs: [PROTOS] },
  mesos: { longs: String, enums: String, oneofs: true, keepCase: true, includeDirs: [PROTOS] },
};

export type SchemaFile = 'coordination' | 'operator' | 'peer' | 'scheduler' | 'agent' | 'mesos';

const FILES: Readonly<Record<SchemaFile, { readonly loader: Loader; readonly path: string }>> = {
  coordination: { loader: 'numbers', path: 'tepui/v1/coordination.proto' },
  operator: { loader: 'numbers', path: 'tepui/v1/operator.proto' },
  peer: { loader: 'numbers', path: 'tepui/peer/v1/peer.proto' },
  scheduler: { loader: 'mesos', path: 'tepui/v1/scheduler.proto' },
  agent: { loader: 'mesos', path: 'tepui/v1/agent.proto' },
  mesos: { loader: 'mesos', path: 'mesos/v1/scheduler/scheduler.proto' },
};

const loaded = new Map<SchemaFile, PackageDefinition>();

/** The definitions of one schema file and what it imports; read at the first use and kept. */
export function schema(file: SchemaFile): PackageDefinition {
  let definition = loaded.get(file);
  if (definition === undefined) {
    const { loader, path } = FILES[file];
    definition = loadSync(path, OPTIONS[loader]);
    loaded.set(file, definition);
  }
  return definition;
}

/** All schema files that hold services for clients, for the reflection service. */
export function clientSchemas(): PackageDefinition {
  const files = (['scheduler', 'agent', 'coordination', 'operator'] as const).map((file) => FILES[file].path);
  return loadSync(files, OPTIONS.mesos);
}

/** A top-level message of a schema file, by its full name. */
export function messageType(file: SchemaFile, name: string): MessageTypeDefinition<object, object> {
  const definition = must(schema(file)[name], `${FILES[file].path} has no ${name}`);
  return definition as MessageTypeDefinition<object, object>;
}

export function serviceType(file: SchemaFile, name: string): ServiceDefinition {
  return must(schema(file)[name], `${FILES[file].path} has no ${name}`) as ServiceDefinition;
}
