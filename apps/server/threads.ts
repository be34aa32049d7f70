/*
 * Imported before everything else: Node makes its threads for files and passwords at their first
 * use, four unless told. A sync of a file holds one for milliseconds, so that with four, pushes at
 * the same time wait for threads and not for the disk.
 */
process.env["UV_THREADPOOL_SIZE"] ??= "16";
