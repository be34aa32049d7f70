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

/** A machine whose disk keeps what lies under `folder`. What `random` decides is no choice of acts. */
export async function openMachine(folder: string, random: () => number): Promise<Machine> {
  const sockets = new Set<Socket>();
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
    for (const socket of sockets) socket.destroy();
  }

  function mishap(act: DiskAct): Mishap | null {
    if (isDown) return "off";
    const fault = due();
    if (fault === "kill" || fault === "power") {
      goDown(fault);
      return act === "write" && random() < 0.5 ? "torn off" : "off";
    }
    const needsRoom = act === "make" || act === "write";
    if (fault === null || (fault === "ENOSPC" && !needsRoom)) return null;
    if (fault === "torn" && act !== "write") return null;
    hasStruck = true;
    return fault;
  }

  async function diskNow(): Promise<LossyDisk> {
    const spare = join(folder, `spare-${boots}`);
    await mkdir(spare);
    return lossyDisk(spare, random, mishap);
  }

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
    socket() {
      const socket = new Socket();
      const connect = socket.connect.bind(socket) as (...args: unknown[]) => Socket;
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.connect = ((...args: unknown[]) => {
        if (!isDown) return connect(...args);
        process.nextTick(() => socket.destroy(new Error("the machine is down")));
        return socket;
      }) as Socket["connect"];
      socket.write = ((...args: unknown[]) => {
        const fault = isDown ? null : due();
        if (fault !== "kill" && fault !== "power") return write(...args);
        // The database may get it, and its answer comes to nobody.
        if (random() < 0.5) write(...args);
        goDown(fault);
        return true;
      }) as Socket["write"];
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    async boot() {
      await (isPowerCut ? disk.lose() : disk.leave());
      boots += 1;
      [isDown, armed] = [false, null];
      disk = await diskNow();
    },
    close: () => disk.leave(),
  };
}
