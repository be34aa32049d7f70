// Loaded before a script that npm or tools/run.mjs started: when that parent is gone (kill -9),
// ends this process too, gracefully, so that no server is left behind holding the port.
import { isMainThread } from "node:worker_threads";

const parent = process.ppid;
if (isMainThread) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  timer.unref();
}
