import { endianness } from "node:os";

/** The machine in Node's words, which here are also an image's: `amd64` is x64. */
export type Machine = "x64" | "arm64";

const ADDRESS = 0x400000n;
const HEADERS_BYTES = 64 + 56;

/**
 * A whole Linux program without any library: writes `text` to standard output and ends with 0. It
 * runs in an image of nothing else.
 */
export function tinyProgram(text: string, machine: Machine): Buffer {
  const message = Buffer.from(text);
  const code = machine === "x64" ? codeForX64(message.length) : codeForArm64(message.length);
  const program = Buffer.concat([Buffer.alloc(HEADERS_BYTES), code, message]);
  const entry = ADDRESS + BigInt(HEADERS_BYTES);
  const size = BigInt(program.length);

  // The ELF header: 64 bits, little endian, an executable, one program header right behind.
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  program.writeUInt16LE(2, 16);
  program.writeUInt16LE(machine === "x64" ? 62 : 183, 18);
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(entry, 24);
  program.writeBigUInt64LE(64n, 32);
  program.writeUInt16LE(64, 52);
  program.writeUInt16LE(56, 54);
  program.writeUInt16LE(1, 56);

  // Its program header: load the whole file, to be read and executed.
  program.writeUInt32LE(1, 64);
  program.writeUInt32LE(5, 68);
  program.writeBigUInt64LE(ADDRESS, 64 + 16);
  program.writeBigUInt64LE(ADDRESS, 64 + 24);
  program.writeBigUInt64LE(size, 64 + 32);
  program.writeBigUInt64LE(size, 64 + 40);
  program.writeBigUInt64LE(0x10000n, 64 + 48);
  return program;
}

/** The machine this runs on, or null where a tiny program cannot run. */
export function thisMachine(): Machine | null {
  if (process.platform !== "linux" || endianness() !== "LE") return null;
  return process.arch === "x64" || process.arch === "arm64" ? process.arch : null;
}

/** write(1, message, length), then exit(0). */
function codeForX64(length: number): Buffer {
  const code = Buffer.from(
    [
      "b801000000", // mov eax, 1 (write)
      "bf01000000", // mov edi, 1
      "488d3510000000", // lea rsi, [rip + 16]: the 16 bytes of code that follow
      "ba00000000", // mov edx, length
      "0f05", // syscall
      "b83c000000", // mov eax, 60 (exit)
      "31ff", // xor edi, edi
      "0f05", // syscall
    ].join(""),
    "hex",
  );
  code.writeUInt32LE(length, 18);
  return code;
}

function codeForArm64(length: number): Buffer {
  const words = [
    0xd2800020, // mov x0, #1
    0x100000e1, // adr x1, 7 words ahead
    0xd2800002 | (length << 5), // mov x2, #length
    0xd2800808, // mov x8, #64 (write)
    0xd4000001, // svc #0
    0xd2800000, // mov x0, #0
    0xd2800ba8, // mov x8, #93 (exit)
    0xd4000001, // svc #0
  ];
  const code = Buffer.alloc(words.length * 4);
  for (const [i, word] of words.entries()) code.writeUInt32LE(word >>> 0, i * 4);
  return code;
}
