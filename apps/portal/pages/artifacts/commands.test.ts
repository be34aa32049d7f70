import { expect, test } from "vitest";
import { pullCommands, pushCommands, pushOthers } from "./commands.ts";

const AT = { host: "reg.example:8443", repository: "team/app" };
const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["IMAGE", ["docker", "podman", "containerd", "skopeo", "oras"]],
  ["CHART", ["helm", "oras", "skopeo"]],
  ["WASM", ["oras", "skopeo"]],
])("%s is pulled by %j", (type, tools) =>
  expect(pullCommands(AT, "v1", type).map(({ tool }) => tool)).toEqual(tools),
);

test("by tag and by digest", () => {
  const docker = (reference: string) => pullCommands(AT, reference, "IMAGE")[0]!.commands[0];
  expect(docker("v1")).toBe("docker pull reg.example:8443/team/app:v1");
  expect(docker(DIGEST)).toBe(`docker pull reg.example:8443/team/app@${DIGEST}`);
});

test("a chart's version has + where its tag has _", () =>
  expect(pullCommands(AT, "1.0.0_rc1", "CHART")[0]!.commands[0]).toBe(
    "helm pull oci://reg.example:8443/team/app --version 1.0.0+rc1",
  ));

test("without TLS every tool that needs it is told", () => {
  const all = pullCommands({ ...AT, plain: true }, "v1", "IMAGE").flatMap((one) => one.commands);
  expect(all).toContain("podman pull --tls-verify=false reg.example:8443/team/app:v1");
  expect(all).toContain("ctr images pull --plain-http reg.example:8443/team/app:v1");
  expect(pushOthers({ ...AT, plain: true })[0]!.commands[0]).toContain("--plain-http oci://");
});

test("a name of a person is one word of the shell", () => {
  expect(pushCommands({ ...AT, person: "o'neil; rm x" })[0]).toBe(
    String.raw`docker login reg.example:8443 -u 'o'\''neil; rm x'`,
  );
});
