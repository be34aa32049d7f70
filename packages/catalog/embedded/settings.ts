/**
 * The server's settings, for a registry: small transactions that must be durable, on a machine
 * shared with the registry itself. Given on the command line, so that an upgrade brings its own.
 */
export function serverSettings(socketFolder: string): Record<string, string> {
  return {
    listen_addresses: "",
    port: "5432",
    // The list is split at commas; quoted, a path may hold anything.
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    max_connections: "100",
    shared_buffers: "128MB",
    effective_cache_size: "512MB",
    work_mem: "8MB",
    maintenance_work_mem: "64MB",
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",
    max_wal_size: "1GB",
    checkpoint_timeout: "15min",
    random_page_cost: "1.1",
    // Compiling a query takes longer than any of ours runs.
    jit: "off",
    log_min_messages: "warning",
    log_checkpoints: "off",
    log_line_prefix: "%m [%p] ",
    log_timezone: "UTC",
    timezone: "UTC",
  };
}

/** For tests alone: nothing survives a power cut, everything is quicker. */
export const VOLATILE_SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "400",
  max_wal_size: "256MB",
};
