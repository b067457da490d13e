/** Variables that commands read; flags carry the same names (`--data-dir` is TEPUI_DATA_DIR). */
const KNOWN = new Set([
  'TEPUI_CONFIG',
  'TEPUI_ID',
  'TEPUI_DATA_DIR',
  'TEPUI_LISTEN_GRPC',
  'TEPUI_LISTEN_PEER',
  'TEPUI_ADVERTISE_GRPC',
  'TEPUI_ADVERTISE_PEER',
  'TEPUI_INSECURE',
  'TEPUI_LOG_LEVEL',
  'TEPUI_MASTERS',
  'TEPUI_TLS_CERT',
  'TEPUI_TLS_KEY',
  'TEPUI_TLS_CA',
  'TEPUI_HOSTNAME',
  // Set by `dev` for the processes it starts: a pipe that closes when `dev` is gone.
  'TEPUI_LIFELINE_FD',
  // Set for tasks by the agent; present when a command runs inside a task.
  'TEPUI_TASK_ID',
  'TEPUI_FRAMEWORK_ID',
  'TEPUI_AGENT_ID',
]);

/** Names of TEPUI_ variables that nothing reads: most likely typing errors. */
export function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('TEPUI_') && !KNOWN.has(name))
    .sort();
}
