import { createHash } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import { checkObjectKey } from "@entrepot/storage";

/** Tags have 128 characters at most. Source: distribution-spec § Pulling manifests. */
const LONGEST = 128;
/** Of a key that makes a longer one, so many stay, and its checksum follows. */
const CUT = 87;
const CHECKSUM = 40;

/**
 * The tag under which object `key` lies. Tags are in the order of their keys: letters and digits
 * stand for themselves, `-f` for a `/`, `-e` for a `.` and `-d` for a `-`. A longer key than a tag
 * holds is cut, a `.` and the beginning of its sha256 put after it. Throws BAD_REQUEST for what is
 * no key, or begins with neither letter nor digit.
 */
export function tagOfKey(key: string): string {
  const text = escaped(checkObjectKey(key));
  if (!/^[a-z0-9]/i.test(key)) {
    throw new RegistryError("BAD_REQUEST", `${JSON.stringify(key)} begins with no letter or digit`);
  }
  if (text.length <= LONGEST) return text;
  const sum = createHash("sha256").update(key).digest("hex");
  return `${text.slice(0, CUT)}.${sum.slice(0, CHECKSUM)}`;
}

/** The key that `tagOfKey` made `tag` of; null if it was cut, or made of none. */
export function keyOfTag(tag: string): string | null {
  if (!/^(?:[0-9a-y]|-[0-9a-f]|_[3-6][0-9a-f]|z[a-e])+$/.test(tag)) return null;
  return tag.replace(/-.|_..|z./g, (code) => {
    if (code[0] === "_") return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return String.fromCharCode((code[0] === "-" ? 0x20 : 0x70) + Number.parseInt(code[1]!, 16));
  });
}

/** Whether `tag` stands for a key that was too long for it. */
export function isCut(tag: string): boolean {
  return tag.length === LONGEST && tag[CUT] === ".";
}

/**
 * What comes before the tags of all keys that begin with `prefix` and come after `after`, and after
 * as few others as can be told; empty: nothing does.
 */
export function beforeTags(prefix: string, after: string): string {
  const [from, behind] = [escaped(prefix).slice(0, -1), escaped(after)];
  const last = from > behind ? from : behind;
  // That of a longer key would be cut here, too.
  return last.length > LONGEST ? last.slice(0, CUT) : last;
}

/** Each character as a letter, a digit or a code, no code the beginning of another's. */
function escaped(text: string): string {
  return text.replace(/[^0-9a-y]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x30) return `-${(code & 15).toString(16)}`;
    if (code < 0x70) return `_${code.toString(16)}`;
    return `z${(code & 15).toString(16)}`;
  });
}
