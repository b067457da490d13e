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

interface Bundle {
  readonly loader: Loader;
  readonly paths: string[];
}

/** Files that share most of what they import are read together: reading Mesos' takes 30 ms. */
const WITH_MESOS: Bundle = { loader: 'mesos', paths: ['tepui/v1/scheduler.proto', 'tepui/v1/agent.proto'] };

const BUNDLES: Readonly<Record<SchemaFile, Bundle>> = {
  coordination: { loader: 'numbers', paths: ['tepui/v1/coordination.proto'] },
  operator: { loader: 'numbers', paths: ['tepui/v1/operator.proto'] },
  peer: { loader: 'numbers', paths: ['tepui/peer/v1/peer.proto'] },
  scheduler: WITH_MESOS,
  agent: WITH_MESOS,
  mesos: WITH_MESOS,
};

const loaded = new Map<Bundle, PackageDefinition>();

/** The definitions of one schema file and what it imports; read at the first use and kept. */
export function schema(file: SchemaFile): PackageDefinition {
  const bundle = BUNDLES[file];
  let definition = loaded.get(bundle);
  if (definition === undefined) {
    definition = loadSync(bundle.paths, OPTIONS[bundle.loader]);
    loaded.set(bundle, definition);
  }
  return definition;
}

/** All schema files that hold services for clients, for the reflection service. */
export function clientSchemas(): PackageDefinition {
  const bundles = [WITH_MESOS, BUNDLES.coordination, BUNDLES.operator];
  return loadSync(
    bundles.flatMap(({ paths }) => paths),
    OPTIONS.mesos,
  );
}

/** A top-level message of a schema file, by its full name. */
export function messageType(file: SchemaFile, name: string): MessageTypeDefinition<object, object> {
  const definition = must(schema(file)[name], `the schema of ${file} has no ${name}`);
  return definition as MessageTypeDefinition<object, object>;
}

export function serviceType(file: SchemaFile, name: string): ServiceDefinition {
  return must(schema(file)[name], `the schema of ${file} has no ${name}`) as ServiceDefinition;
}
