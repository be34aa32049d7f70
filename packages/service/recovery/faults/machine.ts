import { mkdir } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { type DiskAct, type LossyDisk, lossyDisk, type Mishap } from "@entrepot/storage/testing";

/**
 * What goes wrong: the process is killed (-9), its machine loses power, the disk is full, it fails,
 * or it fails in the middle of a write.
 */
export type Fault = "kill" | "power" | "ENOSPC" | "EIO" | "torn";

/** Which, at which step from now on, and for how many steps the disk refuses. */
export interface Arming {
  readonly fault: Fault;
  readonly at: number;
  readonly lasts: number;
}

/** The machine on which a registry runs, with its disk and its lines to the database. */
export interface Machine {
  /** Its disk since the last boot. */
  readonly disk: LossyDisk;
  /** It is down: every call of the disk fails, and every line to the database is cut. */
  readonly isDown: boolean;
  /** Whether what was armed has happened. */
  readonly hasStruck: boolean;
  arm(arming: Arming): void;
  disarm(): void;
  /** A line to the database, for `pg`. What is written to it is a step, too. */
  socket(): Socket;
  /** After a kill or a power cut: what was lost is lost, and it runs again. */
  boot(): Promise<void>;
  close(): Promise<void>;
}

/** A machine whose disk keeps what lies under `folder`. `random` decides what no act chooses. */
export async function openMachine(folder: string, random: () => number): Promise<Machine> {
  let armed: Arming | null = null;
  let [steps, boots] = [0, 0];
  let [isDown, hasStruck, isPowerCut] = [false, false, false];

  /** The fault that is due at this step, if one is. */
  function due(): Fault | null {
    steps += 1;
    if (!armed || steps < armed.at || steps >= armed.at + armed.lasts) return null;
    return armed.fault;
  }

  function goDown(fault: Fault): void {
    [isDown, hasStruck, isPowerCut] = [true, true, fault === "power"];
    lines.cut();
  }

  function mishap(act: DiskAct): Mishap | null {
    if (isDown) return "off";
    const fault = due();
    if (fault === "kill" || fault === "power") {
      goDown(fault);
      return act === "write" && random() < 0.5 ? "torn off" : "off";
    }
    if (fault === null || !concerns(fault, act)) return null;
    hasStruck = true;
    return fault;
  }

  async function diskNow(): Promise<LossyDisk> {
    const spare = join(folder, `spare-${boots}`);
    await mkdir(spare);
    return lossyDisk(spare, random, mishap);
  }

  const lines = linesOf({
    isDown: () => isDown,
    /** The database may get what is written, and its answer comes to nobody. */
    strike() {
      const fault = due();
      if (fault !== "kill" && fault !== "power") return null;
      return { isSent: random() < 0.5, end: () => goDown(fault) };
    },
  });
  let disk = await diskNow();
  return {
    get disk() {
      return disk;
    },
    get isDown() {
      return isDown;
    },
    get hasStruck() {
      return hasStruck;
    },
    arm(arming) {
      [armed, steps, hasStruck] = [arming, 0, false];
    },
    disarm: () => void (armed = null),
    socket: () => lines.open(),
    async boot() {
      await (isPowerCut ? disk.lose() : disk.leave());
      boots += 1;
      [isDown, armed] = [false, null];
      disk = await diskNow();
    },
    close: () => disk.leave(),
  };
}

/** Whether a disk with this fault refuses this act. */
function concerns(fault: Fault, act: DiskAct): boolean {
  if (fault === "ENOSPC") return act === "make" || act === "write";
  return fault !== "torn" || act === "write";
}

/** What decides about a line. */
interface LineFate {
  isDown(): boolean;
  /** What happens at a write; null: nothing. */
  strike(): { readonly isSent: boolean; end(): void } | null;
}

/** The machine's lines to the database. */
function linesOf({ isDown, strike }: LineFate) {
  const sockets = new Set<Socket>();
  return {
    open(): Socket {
      const socket = new Socket();
      const connect = socket.connect.bind(socket) as (...args: unknown[]) => Socket;
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.connect = ((...args: unknown[]) => {
        if (!isDown()) return connect(...args);
        process.nextTick(() => socket.destroy(new Error("the machine is down")));
        return socket;
      }) as Socket["connect"];
      socket.write = ((...args: unknown[]) => {
        const struck = isDown() ? null : strike();
        if (!struck) return write(...args);
        if (struck.isSent) write(...args);
        struck.end();
        return true;
      }) as Socket["write"];
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
